from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import special

from netspec.kernels.cpu.language.jit import kernel
from netspec.kernels.cpu.language.tile import lanes
from netspec.kernels.cpu.language.vector import load, store
from netspec.kernels.cpu.language.vector_math import (
    cosine_sine,
    exp,
    expm1_of_negative,
    inverse_three_quarters,
    log,
    log1p,
    normal_density,
    normal_distribution,
    power,
    sigmoid,
    softplus,
    tanh,
)
from tests.kernels.cpu.vectors import LANES, padded, run_by_hand

INFINITY = float("inf")


@kernel
def apply_exp(tile, arena, d, state, begin, end, thread):
    for i in range(0, d[0], lanes(tile)):
        store(arena, i, exp(load(tile, arena, i)))


@kernel
def apply_expm1(tile, arena, d, state, begin, end, thread):
    for i in range(0, d[0], lanes(tile)):
        store(arena, i, expm1_of_negative(load(tile, arena, i)))


@kernel
def apply_log(tile, arena, d, state, begin, end, thread):
    for i in range(0, d[0], lanes(tile)):
        store(arena, i, log(load(tile, arena, i)))


@kernel
def apply_log1p(tile, arena, d, state, begin, end, thread):
    for i in range(0, d[0], lanes(tile)):
        store(arena, i, log1p(load(tile, arena, i)))


@kernel
def apply_cosine_sine(tile, arena, d, state, begin, end, thread):
    for i in range(0, d[0], lanes(tile)):
        cosine, sine = cosine_sine(load(tile, arena, i))
        store(arena, i, cosine)
        store(arena, d[0] + i, sine)


@kernel
def apply_tanh(tile, arena, d, state, begin, end, thread):
    for i in range(0, d[0], lanes(tile)):
        store(arena, i, tanh(load(tile, arena, i)))


@kernel
def apply_sigmoid(tile, arena, d, state, begin, end, thread):
    for i in range(0, d[0], lanes(tile)):
        store(arena, i, sigmoid(load(tile, arena, i)))


@kernel
def apply_softplus(tile, arena, d, state, begin, end, thread):
    for i in range(0, d[0], lanes(tile)):
        store(arena, i, softplus(load(tile, arena, i)))


@kernel
def apply_density(tile, arena, d, state, begin, end, thread):
    for i in range(0, d[0], lanes(tile)):
        store(arena, i, normal_density(load(tile, arena, i)))


@kernel
def apply_distribution(tile, arena, d, state, begin, end, thread):
    for i in range(0, d[0], lanes(tile)):
        store(arena, i, normal_distribution(load(tile, arena, i)))


@kernel
def apply_three_quarters(tile, arena, d, state, begin, end, thread):
    for i in range(0, d[0], lanes(tile)):
        store(arena, i, inverse_three_quarters(load(tile, arena, i)))


@kernel
def apply_power(tile, arena, d, state, begin, end, thread):
    for i in range(0, d[0], lanes(tile)):
        store(arena, i, power(load(tile, arena, i), 1.7))


def evaluated(kernel_of_function: Any, x: Any, vector_lanes: int = 16) -> Any:
    """The function of each number of `x`."""
    arena = padded(x, vector_lanes)
    run_by_hand(kernel_of_function, arena, (len(arena),), vector_lanes)
    return arena[: len(x)]


def points(low: float, high: float) -> Any:
    """float32 numbers of [low, high]: evenly spaced, and of every size down to the smallest."""
    sizes = 10.0 ** np.linspace(-45, 38.5, 9000)
    everything = np.concatenate([np.linspace(low, high, 60000), sizes, -sizes, [0.0]])
    with np.errstate(over="ignore"):
        single = np.unique(everything[(everything >= low) & (everything <= high)].astype(np.float32))
    return single[np.isfinite(single)]


def error_in_last_places(found: Any, wanted: Any) -> Any:
    """How far `found` is off, in units of float32's last place at `wanted`, or of the smallest normal number's."""
    smallest = np.finfo(np.float32).smallest_normal
    return np.abs(found - wanted) / np.spacing(np.maximum(np.abs(wanted), smallest).astype(np.float32))


def softplus_exactly(x: Any) -> Any:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def density_exactly(x: Any) -> Any:
    return np.exp(-x * x / 2) / np.sqrt(2 * np.pi)


CASES: list[tuple[Any, Callable[[Any], Any], float, float, float]] = [
    (apply_exp, np.exp, -110, 88.7, 1.5),
    (apply_expm1, np.expm1, -200, 0, 1.5),
    (apply_log, np.log, 1e-45, 3.4e38, 1.5),
    (apply_log1p, np.log1p, -0.999, 3e38, 2.5),
    (apply_tanh, np.tanh, -3e38, 3e38, 6),
    (apply_tanh, np.tanh, -12, 12, 6),
    (apply_sigmoid, special.expit, -87.3, 110, 3),
    (apply_softplus, softplus_exactly, -110, 110, 3),
    (apply_density, density_exactly, -15, 15, 5),
    (apply_distribution, special.ndtr, -15, 15, 8),
    (apply_three_quarters, lambda x: x**-0.75, 1e-30, 1e30, 5),
]
"""kernel, meaning, range, error allowed in units of the last place"""


@pytest.mark.parametrize("vector_lanes", LANES)
@pytest.mark.parametrize(("applied", "meaning", "low", "high", "bound"), CASES)
def test_functions_are_right_to_a_few_units_in_the_last_place(
    applied: Any, meaning: Callable[[Any], Any], low: float, high: float, bound: float, vector_lanes: int
) -> None:
    x = points(low, high)
    found = evaluated(applied, x, vector_lanes).astype(np.float64)
    error = error_in_last_places(found, meaning(x.astype(np.float64)))
    worst = int(error.argmax())
    assert error[worst] <= bound, f"{error[worst]} at {x[worst]}: {found[worst]}"


LIMITS: list[tuple[Any, list[float], list[float]]] = [
    (apply_exp, [-INFINITY, -1e30, 1e30, INFINITY], [0, 0, INFINITY, INFINITY]),
    (apply_expm1, [-INFINITY, -0.0], [-1, 0]),
    (apply_log, [0.0, -0.0, -1.0, INFINITY], [-INFINITY, -INFINITY, float("nan"), INFINITY]),
    (apply_tanh, [-INFINITY, INFINITY], [-1, 1]),
    (apply_sigmoid, [-INFINITY, INFINITY], [0, 1]),
    (apply_softplus, [-INFINITY, INFINITY], [0, INFINITY]),
    (apply_density, [-INFINITY, INFINITY], [0, 0]),
    (apply_distribution, [-INFINITY, INFINITY], [0, 1]),
]


@pytest.mark.parametrize(("applied", "arguments", "limits"), LIMITS)
def test_infinite_arguments_give_the_limit(applied: Any, arguments: list[float], limits: list[float]) -> None:
    np.testing.assert_array_equal(evaluated(applied, arguments), np.array(limits, np.float32))


@pytest.mark.parametrize("applied", [case[0] for case in CASES])
def test_nan_gives_nan(applied: Any) -> None:
    assert np.isnan(evaluated(applied, [float("nan")])).all()


@pytest.mark.parametrize("vector_lanes", LANES)
@pytest.mark.parametrize(("applied", "meaning"), [case[:2] for case in CASES])
def test_no_number_gives_nan_but_where_the_function_has_no_value(
    applied: Any, meaning: Callable[[Any], Any], vector_lanes: int
) -> None:
    x = np.concatenate((points(-3.4e38, 3.4e38), points(-110, 110), points(-90, -87), points(87, 90)))
    with np.errstate(all="ignore"):
        x = x[~np.isnan(meaning(x.astype(np.float64)))]
    assert not np.isnan(evaluated(applied, x[x <= 0] if applied is apply_expm1 else x, vector_lanes)).any()


def test_a_sigmoid_too_small_for_a_normal_number_falls_to_zero() -> None:
    x = points(-120, -87.3)
    found = evaluated(apply_sigmoid, x)
    np.testing.assert_allclose(found, special.expit(x.astype(np.float64)), rtol=0, atol=4.3e-39)
    assert (found[x < -88.8] == 0).all()


def test_powers_are_right_in_relation_to_their_size() -> None:
    x = points(1e-10, 1e10)
    found, wanted = evaluated(apply_power, x), x.astype(np.float64) ** 1.7
    np.testing.assert_allclose(found, wanted, rtol=6e-6)


@pytest.mark.parametrize("vector_lanes", LANES)
def test_turns_are_right_to_float32s_rounding_and_exact_at_quarters(vector_lanes: int) -> None:
    t = np.concatenate((points(-3, 3), np.arange(-12, 13) / 4)).astype(np.float32)
    whole = padded(t, vector_lanes)
    arena = np.concatenate((whole, np.zeros_like(whole)))
    run_by_hand(apply_cosine_sine, arena, (len(whole),), vector_lanes)
    cosine, sine = arena[: len(t)], arena[len(whole) :][: len(t)]
    angle = 2 * np.pi * t.astype(np.float64)
    np.testing.assert_allclose(cosine, np.cos(angle), rtol=0, atol=1.5e-7)
    np.testing.assert_allclose(sine, np.sin(angle), rtol=0, atol=1.5e-7)
    np.testing.assert_array_equal(np.stack((cosine, sine))[:, -25:], np.round((np.cos(angle), np.sin(angle)))[:, -25:])

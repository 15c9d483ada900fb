from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.kernels.cpu.language.jit import kernel
from netspec.kernels.cpu.language.tile import lanes
from netspec.kernels.cpu.language.vector import (
    at_most,
    bits_float,
    count_lanes,
    first_lanes,
    float_bits,
    floor,
    fma,
    lane_numbers,
    load,
    load_integers,
    maximum,
    minimum,
    select,
    splat,
    splat_integer,
    sqrt,
    store,
    store_integers,
    sum_lanes,
    to_float,
    to_integer,
)
from tests.kernels.cpu.vectors import LANES, run_by_hand

EXPRESSIONS = 26
"""vectors that `calculate` stores"""


@kernel
def calculate(tile, arena, d, state, begin, end, thread):
    """From vectors a and b at 0 and 1, one expression after the other, a vector each, from vector 2 on."""
    step = lanes(tile)
    a, b = load(tile, arena, 0), load(tile, arena, step)
    o = 2 * step
    store(arena, o, a + b)
    store(arena, o + step, a - b)
    store(arena, o + 2 * step, a * b)
    store(arena, o + 3 * step, a / b)
    store(arena, o + 4 * step, 2.5 - a)
    store(arena, o + 5 * step, a * 3)
    store(arena, o + 6 * step, -a)
    store(arena, o + 7 * step, abs(a))
    store(arena, o + 8 * step, maximum(a, b))
    store(arena, o + 9 * step, minimum(a, 0.5))
    store(arena, o + 10 * step, fma(a, 2.0, b))
    store(arena, o + 11 * step, sqrt(abs(a)))
    store(arena, o + 12 * step, select(a > b, 1.0, b))
    store(arena, o + 13 * step, select((a <= b) & ~(a < 0.0), 1.0, -1.0))
    store(arena, o + 14 * step, select((a == a) ^ (b != b), a, b))
    store(arena, o + 15 * step, to_float(lane_numbers(tile) * 3 + 1))
    store(arena, o + 16 * step, select(first_lanes(tile, 3), a, 0.0))
    store(arena, o + 17 * step, bits_float(float_bits(a) & 0x7F800000))
    store(arena, o + 18 * step, splat(tile, sum_lanes(a)))
    store(arena, o + 19 * step, splat(tile, count_lanes(a > 0.0)))
    store_integers(arena, o + 20 * step, splat_integer(tile, 7) << 3)
    store(arena, o + 21 * step, to_float(load_integers(tile, arena, o + 20 * step) >> 1))
    store(arena, o + 22 * step, select(at_most(splat_integer(tile, -1), 0xFFFFFFFF), 1.0, 0.0))
    store(arena, o + 23 * step, select(at_most(float_bits(a), 0x7FFFFFFF), 1.0, 0.0))
    store(arena, o + 24 * step, floor(a))
    store(arena, o + 25 * step, to_float(to_integer(a)))


def tree_sum(values: Any) -> Any:
    """Halves added until one number is left."""
    while len(values) > 1:
        values = values[: len(values) // 2] + values[len(values) // 2 :]
    return values[0]


def calculated_by_numpy(a: Any, b: Any) -> list[Any]:
    size = len(a)
    numbers = np.arange(size)
    return [
        a + b,
        a - b,
        a * b,
        a / b,
        np.float32(2.5) - a,
        a * np.float32(3),
        -a,
        np.abs(a),
        np.maximum(a, b),
        np.minimum(a, np.float32(0.5)),
        a * np.float32(2) + b,  # a product by two is exact, so processors without such an instruction agree
        np.sqrt(np.abs(a)),
        np.where(a > b, 1, b),
        np.where((a <= b) & ~(a < 0), 1, -1),
        a,
        numbers * 3 + 1,
        np.where(numbers < 3, a, 0),
        (a.view(np.int32) & 0x7F800000).view(np.float32),
        np.full(size, tree_sum(a)),
        np.full(size, (a > 0).sum()),
        np.full(size, 56, np.int32).view(np.float32),
        np.full(size, 28),
        np.ones(size),
        np.where(np.signbit(a), 0, 1),
        np.floor(a),
        np.trunc(a),
    ]


numbers32 = st.floats(-100, 100, width=32).filter(lambda x: x == 0 or abs(x) > 1e-6)


@given(st.sampled_from(LANES), st.data())
def test_vectors_calculate_as_numpy_does_in_float32(vector_lanes: int, data: st.DataObject) -> None:
    a = np.array(data.draw(st.lists(numbers32, min_size=vector_lanes, max_size=vector_lanes)), np.float32)
    b = np.array(data.draw(st.lists(numbers32, min_size=vector_lanes, max_size=vector_lanes)), np.float32)
    b[b == 0] = 1
    arena = np.concatenate([a, b, np.zeros(EXPRESSIONS * vector_lanes, np.float32)])
    run_by_hand(calculate, arena, (), vector_lanes)
    for number, wanted in enumerate(calculated_by_numpy(a, b)):
        found = arena[(2 + number) * vector_lanes : (3 + number) * vector_lanes]
        np.testing.assert_array_equal(found, np.asarray(wanted, np.float32), err_msg=f"expression {number}")


@kernel
def not_a_number(tile, arena, d, state, begin, end, thread):
    """What comparisons make of the NaN at vector 0."""
    step, x = lanes(tile), load(tile, arena, 0)
    store(arena, step, maximum(0.0, x))
    store(arena, 2 * step, minimum(0.0, x))
    store(arena, 3 * step, select((x < 0.0) | (x > 0.0) | (x == x), 1.0, 0.0))
    store(arena, 4 * step, select(x != x, 1.0, 0.0))


def test_nan_passes_a_bound_written_first_and_compares_false() -> None:
    arena = np.full(5 * 8, np.nan, np.float32)
    run_by_hand(not_a_number, arena, (), 8)
    assert np.isnan(arena[8:24]).all()
    np.testing.assert_array_equal(arena[24:], [0] * 8 + [1] * 8)


@pytest.mark.parametrize("vector_lanes", LANES)
def test_an_index_need_not_be_aligned(vector_lanes: int) -> None:
    arena = np.arange(3 * vector_lanes, dtype=np.float32)
    run_by_hand(move_by_one, arena, (), vector_lanes)
    np.testing.assert_array_equal(arena[vector_lanes : 2 * vector_lanes], np.arange(1, vector_lanes + 1))


@kernel
def move_by_one(tile, arena, d, state, begin, end, thread):
    store(arena, lanes(tile), load(tile, arena, 1))

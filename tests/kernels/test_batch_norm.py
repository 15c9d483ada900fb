from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netspec.ir.graph import Graph, Shape
from netspec.ir.operations import (
    IDENTITY,
    Activation,
    BatchNorm,
    BatchNormInputGradient,
    BatchNormTraining,
)
from tests.kernels.backends import Backend
from tests.kernels.draws import runs, shapes
from tests.kernels.harness import agree, batched, expected, one_operation, plain, random_arrays, run_kernel

ACTIVATIONS = (IDENTITY, Activation("relu"), Activation("relu6"), Activation("leaky_relu", 0.1))


@given(shapes, runs())
def test_running_statistics_normalise_as_the_oracle_does(backend: Backend, shape: Shape, run: dict[str, Any]) -> None:
    channels = (plain(name, shape[0]) for name in ("scale", "shift", "mean", "variance"))
    graph = one_operation(BatchNorm(epsilon=1e-3), (batched("x", *shape), *channels), (batched("y", *shape),))
    arrays = random_arrays(graph, run["images"])
    arrays["variance"] = np.abs(arrays["variance"]) + np.float32(0.1)
    agree(backend, graph, arrays, 1e-5, **run)


@given(shapes, runs())
def test_the_derivative_with_running_statistics_agrees_with_the_oracle(
    backend: Backend, shape: Shape, run: dict[str, Any]
) -> None:
    channels = (plain(name, shape[0]) for name in ("scale", "variance"))
    operation = BatchNormInputGradient(epsilon=1e-3)
    graph = one_operation(operation, (batched("dy", *shape), *channels), (batched("dx", *shape),))
    arrays = random_arrays(graph, run["images"])
    arrays["variance"] = np.abs(arrays["variance"]) + np.float32(0.1)
    agree(backend, graph, arrays, 1e-5, **run)


def training(shape: Shape, function: Activation = IDENTITY, *, add: bool = False) -> Graph:
    inputs = (plain(name, shape[0]) for name in ("scale", "shift", "mean", "variance"))
    outputs = (plain(name, shape[0]) for name in ("batch_mean", "inverse", "new_mean", "new_variance"))
    operation = BatchNormTraining(momentum=0.8, activation=function)
    replaced = {"mean": "new_mean", "variance": "new_variance"}
    given = (batched("x", *shape), *inputs, *((batched("addend", *shape),) if add else ()))
    return one_operation(operation, given, (batched("y", *shape), *outputs), replaced)


@given(shapes, runs())
def test_the_batch_s_own_statistics_agree_with_the_oracle(backend: Backend, shape: Shape, run: dict[str, Any]) -> None:
    graph = training(shape)
    arrays = random_arrays(graph, run["images"])
    if arrays["x"][:, 0].size < 8:
        return  # a variance of almost nothing amplifies rounding: see the next test but one for a single number
    agree(backend, graph, arrays, 5e-5, **run)


@given(st.sampled_from((1e3, -1e5)), runs())
def test_a_large_mean_costs_the_variance_no_precision(backend: Backend, mean: float, run: dict[str, Any]) -> None:
    graph = training((2, 5, 5))
    arrays = random_arrays(graph, run["images"])
    arrays["x"] = np.round(arrays["x"] * 8) / 8 + np.float32(mean)
    wanted, found = expected(graph, arrays), run_kernel(backend, graph, arrays, **run)
    np.testing.assert_allclose(found["new_variance"], wanted["new_variance"], rtol=1e-3)
    np.testing.assert_allclose(found["inverse"], wanted["inverse"], rtol=1e-3)


def test_a_single_number_a_channel_gives_its_shift_and_no_variance(backend: Backend) -> None:
    graph = training((3,))
    arrays = random_arrays(graph, 1)
    found = run_kernel(backend, graph, arrays, images=1)
    np.testing.assert_array_equal(found["y"][0], arrays["shift"])
    np.testing.assert_allclose(found["new_variance"], 0.8 * arrays["variance"], rtol=1e-6)


@given(shapes, st.sampled_from(ACTIVATIONS), st.booleans(), runs())
def test_an_addend_and_an_activation_join(
    backend: Backend, shape: Shape, function: Activation, add: bool, run: dict[str, Any]
) -> None:
    graph = training(shape, function, add=add)
    arrays = random_arrays(graph, run["images"])
    if arrays["x"][:, 0].size >= 8:
        agree(backend, graph, arrays, 5e-5, **run)

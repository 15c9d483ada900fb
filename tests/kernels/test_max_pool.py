from typing import Any

import numpy as np
from hypothesis import given

from netspec.ir.evaluate import apply
from netspec.ir.evaluate_context import Context
from netspec.ir.graph import Graph, Shape
from netspec.ir.operations import MaxPool, MaxPoolGradient, Window
from netspec.ir.shapes import output_shapes
from tests.kernels.backends import Backend
from tests.kernels.draws import FIRST_TARGETS, fits, pooling, runs, unary
from tests.kernels.harness import agree, batched, expected, one_operation, random_arrays, run_kernel

cases = pooling().filter(lambda case: fits(case[1], case[0]))


@given(cases, runs(FIRST_TARGETS))
def test_pooling_agrees_with_the_oracle(backend: Backend, case: tuple[Shape, Window], run: dict[str, Any]) -> None:
    shape, window = case
    graph = unary(MaxPool(window), shape)
    agree(backend, graph, random_arrays(graph, run["images"]), 0, **run)


def with_index(shape: Shape, window: Window) -> Graph:
    (out,) = output_shapes(MaxPool(window), (shape,))
    outputs = (batched("y", *out), batched("index", *out, dtype="int32"))
    return one_operation(MaxPool(window), (batched("x", *shape),), outputs)


@given(cases, runs(FIRST_TARGETS))
def test_pooling_in_training_tells_which_pixel_it_chose(
    backend: Backend, case: tuple[Shape, Window], run: dict[str, Any]
) -> None:
    graph = with_index(*case)
    arrays = random_arrays(graph, run["images"])
    arrays["x"] = np.round(arrays["x"])  # many ties: the first largest counts
    wanted, found = expected(graph, arrays), run_kernel(backend, graph, arrays, **run)
    np.testing.assert_array_equal(found["y"], wanted["y"])
    np.testing.assert_array_equal(found["index"], wanted["index"])


@given(cases, runs(FIRST_TARGETS))
def test_its_gradient_agrees_with_the_oracle(backend: Backend, case: tuple[Shape, Window], run: dict[str, Any]) -> None:
    shape, window = case
    forward = with_index(shape, window)
    x = random_arrays(forward, run["images"], seed=1)["x"]
    _, index = apply(MaxPool(window), (x,), forward.nodes[0].outputs, Context())
    out = forward.nodes[0].outputs[0].shape
    inputs = (batched("index", *out, dtype="int32"), batched("dy", *out))
    graph = one_operation(MaxPoolGradient(window), inputs, (batched("dx", *shape),))
    agree(backend, graph, random_arrays(graph, run["images"]) | {"index": index}, 1e-6, **run)

from typing import Any

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from netspec.ir.graph import Shape
from netspec.ir.operations import Activation, Local, LocalInputGradient, LocalWeightGradient, Window
from netspec.ir.shapes import window_output
from tests.kernels.backends import Backend
from tests.kernels.draws import FIRST_TARGETS, images, runs
from tests.kernels.harness import agree, batched, one_operation, plain, random_arrays

outputs = st.sampled_from((1, 8, 9))
kernels = st.sampled_from(((1, 1), (2, 3), (3, 3), (5, 3)))


@st.composite
def layers(draw: st.DrawFn) -> tuple[Shape, Shape, Window]:
    """Shapes of input and output of a window whose weights are not tied."""
    c, h, w = draw(images)
    pairs = st.tuples(st.integers(0, 2), st.integers(0, 2))
    stride = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    window = Window(draw(kernels), stride, draw(pairs), draw(pairs), draw(st.sampled_from(((1, 1), (1, 1), (2, 1)))))
    y = (draw(outputs), *window_output(window, (h, w)))
    assume(min(y) >= 1 and np.prod(y) * np.prod(window.kernel) * c < 20_000)
    return (c, h, w), y, window


@given(layers(), st.booleans(), st.sampled_from(("identity", "relu", "tanh")), runs(FIRST_TARGETS))
def test_forward_agrees_with_the_oracle(
    backend: Backend, layer: tuple[Shape, Shape, Window], biased: bool, function: Any, run: dict[str, Any]
) -> None:
    x, y, window = layer
    weight = plain("w", *y, x[0], *window.kernel)
    inputs = (batched("x", *x), weight, *((plain("b", *y),) if biased else ()))
    graph = one_operation(Local(window, Activation(function)), inputs, (batched("y", *y),))
    agree(backend, graph, random_arrays(graph, run["images"]), 1e-5, **run)


@given(layers(), runs(FIRST_TARGETS))
def test_input_gradients_agree_with_the_oracle(
    backend: Backend, layer: tuple[Shape, Shape, Window], run: dict[str, Any]
) -> None:
    x, y, window = layer
    inputs = (batched("dy", *y), plain("w", *y, x[0], *window.kernel))
    graph = one_operation(LocalInputGradient(window), inputs, (batched("dx", *x),))
    agree(backend, graph, random_arrays(graph, run["images"]), 1e-5, **run)


@given(layers(), runs(FIRST_TARGETS))
def test_weight_gradients_agree_with_the_oracle(
    backend: Backend, layer: tuple[Shape, Shape, Window], run: dict[str, Any]
) -> None:
    x, y, window = layer
    output = plain("dw", *y, x[0], *window.kernel)
    graph = one_operation(LocalWeightGradient(window), (batched("x", *x), batched("dy", *y)), (output,))
    agree(backend, graph, random_arrays(graph, run["images"]), 1e-5, **run)

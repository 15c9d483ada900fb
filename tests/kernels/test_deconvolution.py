from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from netspec.ir.graph import Shape
from netspec.ir.operations import Activation, Deconvolution, Window
from netspec.ir.shapes import output_shapes
from tests.kernels.backends import Backend
from tests.kernels.draws import FIRST_TARGETS, images, runs
from tests.kernels.harness import agree, batched, one_operation, plain, random_arrays


@st.composite
def windows(draw: st.DrawFn) -> Window:
    """A window and what it leaves out at the borders, less than a half of it on each side."""
    kernel = draw(st.sampled_from(((1, 1), (2, 2), (3, 4), (4, 3))))
    stride = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    before = tuple(draw(st.integers(0, (k - 1) // 2)) for k in kernel)
    after = tuple(draw(st.integers(0, (k - 1) // 2)) for k in kernel)
    return Window(kernel, stride, (before[0], before[1]), (after[0], after[1]))


@given(
    images,
    st.sampled_from((1, 4, 5)),
    windows(),
    st.booleans(),
    st.sampled_from(("identity", "relu", "tanh")),
    runs(FIRST_TARGETS),
)
def test_deconvolution_agrees_with_the_oracle(
    backend: Backend, shape: Shape, outputs: int, window: Window, biased: bool, function: Any, run: dict[str, Any]
) -> None:
    operation, weight = Deconvolution(window, Activation(function)), (shape[0], outputs, *window.kernel)
    (out,) = output_shapes(operation, (shape, weight))
    inputs = (batched("x", *shape), plain("w", *weight), *((plain("b", outputs),) if biased else ()))
    graph = one_operation(operation, inputs, (batched("y", *out),))
    with backend.few_kernels():
        agree(backend, graph, random_arrays(graph, run["images"]), 1e-5, **run)

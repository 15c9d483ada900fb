from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from netspec.ir.graph import Shape
from netspec.ir.operations import Softmax, SoftmaxGradient
from tests.kernels.backends import Backend
from tests.kernels.draws import gradient, runs, shapes, unary
from tests.kernels.harness import agree, random_arrays


@given(shapes, st.sampled_from((1.0, 30.0)), runs())
def test_softmax_agrees_with_the_oracle(backend: Backend, shape: Shape, spread: float, run: dict[str, Any]) -> None:
    graph = unary(Softmax(), shape)
    arrays = random_arrays(graph, run["images"])
    arrays["x"] *= spread
    agree(backend, graph, arrays, 2e-6, **run)


@given(shapes, runs())
def test_its_gradient_agrees_with_the_oracle(backend: Backend, shape: Shape, run: dict[str, Any]) -> None:
    graph = gradient(SoftmaxGradient(), {"y": shape}, shape, shape)
    agree(backend, graph, random_arrays(graph, run["images"]), 5e-6, **run)

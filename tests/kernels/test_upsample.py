from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from netspec.ir.graph import Shape
from netspec.ir.operations import Upsample, UpsampleGradient
from tests.kernels.backends import Backend
from tests.kernels.draws import gradient, images, runs, unary
from tests.kernels.harness import agree, random_arrays


@given(images, st.integers(1, 4), runs())
def test_upsampling_agrees_with_the_oracle(backend: Backend, shape: Shape, factor: int, run: dict[str, Any]) -> None:
    graph = unary(Upsample(factor), shape)
    agree(backend, graph, random_arrays(graph, run["images"]), 0, **run)


@given(images, st.integers(1, 4), runs())
def test_its_gradient_agrees_with_the_oracle(backend: Backend, shape: Shape, factor: int, run: dict[str, Any]) -> None:
    c, h, w = shape
    graph = gradient(UpsampleGradient(factor), {}, (c, h * factor, w * factor), shape)
    agree(backend, graph, random_arrays(graph, run["images"]), 1e-6, **run)

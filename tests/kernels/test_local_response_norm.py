from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from netspec.ir.graph import Shape
from netspec.ir.operations import LocalResponseNorm, LocalResponseNormGradient
from tests.kernels.backends import Backend
from tests.kernels.draws import gradient, runs, unary
from tests.kernels.harness import agree, random_arrays

images = st.tuples(st.integers(1, 12), st.integers(1, 5), st.integers(1, 5))
sizes = st.integers(1, 9)
betas = st.sampled_from((0.75, 0.5, 1.0, 0.6))


@given(images, sizes, betas, st.sampled_from((1.0, 2.0)), runs())
def test_normalising_agrees_with_the_oracle(
    backend: Backend, shape: Shape, size: int, beta: float, k: float, run: dict[str, Any]
) -> None:
    graph = unary(LocalResponseNorm(size, 0.5, beta, k), shape)
    agree(backend, graph, random_arrays(graph, run["images"]), 2e-6, **run)


@given(images, sizes, betas, st.sampled_from((1.0, 2.0)), runs())
def test_its_gradient_agrees_with_the_oracle(
    backend: Backend, shape: Shape, size: int, beta: float, k: float, run: dict[str, Any]
) -> None:
    graph = gradient(LocalResponseNormGradient(size, 0.5, beta, k), {"x": shape}, shape, shape)
    agree(backend, graph, random_arrays(graph, run["images"]), 5e-6, **run)

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from netspec.ir.graph import Shape
from netspec.ir.operations import AveragePool, AveragePoolGradient, Window
from netspec.ir.shapes import output_shapes
from tests.kernels.backends import Backend
from tests.kernels.draws import FIRST_TARGETS, fits, gradient, pooling, runs, unary
from tests.kernels.harness import agree, random_arrays

cases = pooling(most=9).filter(lambda case: fits(case[1], case[0]))


@given(cases, st.booleans(), runs(FIRST_TARGETS))
def test_averages_agree_with_the_oracle(
    backend: Backend, case: tuple[Shape, Window], count_pad: bool, run: dict[str, Any]
) -> None:
    shape, window = case
    graph = unary(AveragePool(window, count_pad), shape)
    agree(backend, graph, random_arrays(graph, run["images"]), 1e-6, **run)


@given(cases, st.booleans(), runs(FIRST_TARGETS))
def test_their_gradients_agree_with_the_oracle(
    backend: Backend, case: tuple[Shape, Window], count_pad: bool, run: dict[str, Any]
) -> None:
    shape, window = case
    (out,) = output_shapes(AveragePool(window), (shape,))
    graph = gradient(AveragePoolGradient(window, count_pad), {}, out, shape)
    agree(backend, graph, random_arrays(graph, run["images"]), 1e-6, **run)

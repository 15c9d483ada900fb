"""Tiled matrix products beside the plain kernels, whose sums have the same order: the same bits."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.compiler import lower
from netspec.ir import operations as ops
from netspec.ir.graph import Graph
from netspec.ir.operations import Window
from netspec.schedule.cuda import tiles
from netspec.schedule.cuda.tiles import Choice, Product
from netspec.targets.cuda.processor import SM_90, CudaTarget
from netspec.targets.cuda.sizes import Tiling
from tests.kernels.cuda.backend import BACKEND, CudaBackend
from tests.kernels.harness import agree, one_operation, plain, random_arrays, run_kernel
from tests.kernels.test_convolution import Case, cases, forward, input_gradient, weight_gradient
from tests.kernels.test_dense import SHAPES, gradients, update
from tests.kernels.test_dense import forward as dense
from tests.kernels.test_pointwise import cases as pointwise_cases

CONSTANT = CudaBackend(thorough=False, constant=True)
"""Kernels that are compiled for their sizes."""
PLAIN = CudaBackend(thorough=False)
EXTREMES = (tiles.TILINGS[0], tiles.TILINGS[-1])
"""Two that differ in all: a tile takes seconds to compile."""
FUNCTIONS = st.sampled_from(("identity", "relu", "tanh", "leaky_relu"))
ODD = Case(Window((3, 2), (2, 1), (1, 1), (0, 1), (1, 2)), 2, 10, 38, 9, 12, 5)
EVEN = Case(Window((3, 3), (1, 1), (1, 1), (1, 1)), 1, 8, 36, 8, 8, 5)
POINTS = Case(Window((1, 1)), 1, 12, 132, 4, 6, 7)


@contextmanager
def forced(choice: Choice | None) -> Iterator[None]:
    """While it is open, every product takes this tile, or none, and divides its depth among so many blocks."""

    def choose(product: Product, target: CudaTarget) -> Choice | None:
        return choice if product.shares or choice is None else replace(choice, parts=1)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiles, "choose", choose)
        yield


def run(graph: Graph, arrays: Any, images: int, choice: Choice | None, backend: CudaBackend) -> Any:
    """Outputs of a graph by name, planned for two images more."""
    with forced(choice):
        (launch,) = lower(graph, SM_90, images + 2).launches
        assert launch.algorithm == ("plain" if choice is None else "tiled")
        return run_kernel(backend, graph, arrays, images=images, batch=images + 2)


def check(graph: Graph, images: int, choice: Choice, *, exact: bool = True) -> None:
    """Beside the oracle, and beside the plain kernels to the bit where sums have the same chunks."""
    arrays = random_arrays(graph, images)
    with forced(choice):
        agree(BACKEND, graph, arrays, images=images, batch=images + 2)
    if exact and choice.parts == 1:
        found, wanted = (run(graph, arrays, images, how, PLAIN) for how in (choice, None))
        for name, array in wanted.items():
            np.testing.assert_array_equal(found[name], array, err_msg=name)


def small(case: Case) -> Case:
    """Fewer images: a tile is computed whole."""
    return replace(case, images=min(case.images, 9))


CASES = st.one_of(cases().filter(lambda case: case.fits), pointwise_cases()).map(small)
CHOICES = st.builds(Choice, st.sampled_from(EXTREMES), st.sampled_from((1, 1, 2, 5)))


@given(CASES, st.booleans(), FUNCTIONS, CHOICES)
def test_a_convolution_has_the_bits_of_the_plain_one(
    case: Case, bias: bool, function: ops.ActivationName, choice: Choice
) -> None:
    check(forward(case, ops.Activation(function, 0.1), bias), case.images, choice)


@given(CASES, CHOICES)
def test_its_input_gradient_has_the_bits_of_the_plain_one(case: Case, choice: Choice) -> None:
    check(input_gradient(case), case.images, choice)


@given(CASES, CHOICES)
def test_its_weight_gradient_is_what_the_oracle_says(case: Case, choice: Choice) -> None:
    check(weight_gradient(case), case.images, choice, exact=False)


@given(SHAPES, st.sampled_from((1, 3, 4, 11, 140)), st.booleans(), FUNCTIONS, st.integers(1, 70), CHOICES)
def test_a_dense_layer_has_the_bits_of_the_plain_one(
    shape: tuple[int, ...], outputs: int, bias: bool, function: ops.ActivationName, images: int, choice: Choice
) -> None:
    check(dense(shape, outputs, ops.Activation(function, 0.1), bias), images, choice)


@pytest.mark.slow
@given(SHAPES, st.sampled_from((1, 3, 4, 11, 140)), st.sampled_from((None, False, True)), st.integers(1, 70), CHOICES)
def test_its_gradients_and_its_update_have_the_bits_of_the_plain_ones(
    shape: tuple[int, ...], outputs: int, nesterov: bool | None, images: int, choice: Choice
) -> None:
    for graph in (*gradients(shape, outputs), update(shape, outputs, nesterov)):
        check(graph, images, choice)


@given(CASES, st.booleans(), FUNCTIONS, CHOICES)
def test_a_deconvolution_has_the_bits_of_the_plain_one(
    case: Case, bias: bool, function: ops.ActivationName, choice: Choice
) -> None:
    (gradient,) = input_gradient(replace(case, groups=1, c=case.c, k=case.k)).nodes
    dy, _ = gradient.inputs
    w = plain("w", case.k, case.c, *case.window.kernel)
    operation = ops.Deconvolution(case.window, ops.Activation(function, 0.1))
    inputs = (dy, w, plain("b", case.c))[: 3 if bias else 2]
    check(one_operation(operation, inputs, gradient.outputs), case.images, choice)


def graphs(case: Case) -> tuple[Graph, ...]:
    return forward(case, ops.Activation("relu"), bias=True), input_gradient(case), weight_gradient(case)


@pytest.mark.slow
@pytest.mark.parametrize("tiling", tiles.TILINGS[1:-1], ids=lambda tiling: f"{tiling.rows}x{tiling.columns}")
def test_other_tiles_have_the_same_bits(tiling: Tiling) -> None:
    for case in (ODD, EVEN, POINTS):
        forwards, *backwards = graphs(case)
        check(forwards, case.images, Choice(tiling, 1))
        check(backwards[0], case.images, Choice(tiling, 1))
        check(backwards[1], case.images, Choice(tiling, 2), exact=False)
    for graph in (dense((90,), 140, ops.IDENTITY, bias=True), *gradients((90,), 140), update((90,), 140, True)):
        check(graph, 70, Choice(tiling, 1))


@pytest.mark.slow
@pytest.mark.parametrize("tiling", EXTREMES, ids=lambda tiling: f"{tiling.rows}x{tiling.columns}")
@pytest.mark.parametrize("case", [ODD, EVEN, POINTS], ids=["odd", "even", "points"])
def test_sizes_in_the_kernel_change_no_bit(case: Case, tiling: Tiling) -> None:
    for graph in graphs(case):
        arrays = random_arrays(graph, case.images)
        wanted = run(graph, arrays, case.images, Choice(tiling, 2), PLAIN)
        found = run(graph, arrays, case.images, Choice(tiling, 2), CONSTANT)
        for name, array in wanted.items():
            np.testing.assert_array_equal(found[name], array, err_msg=name)

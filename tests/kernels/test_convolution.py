"""Convolution and its gradients beside the oracle, for any stride, padding, dilation and groups."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.ir import operations as ops
from netspec.ir.graph import Graph
from netspec.ir.operations import Window
from netspec.ir.shapes import window_output
from netspec.targets.target import Target
from tests.kernels.backends import Backend
from tests.kernels.draws import IMAGES, TARGETS, THREADS
from tests.kernels.harness import agree, batched, one_operation, plain, random_arrays


@dataclass(frozen=True)
class Case:
    """A convolution: input c x h x w, k outputs, and how it is run."""

    window: Window
    groups: int
    c: int
    k: int
    h: int
    w: int
    images: int
    target: int | Target = 0
    """a target itself, or its number among those of a backend"""
    threads: int = 1

    @property
    def fits(self) -> bool:
        return min(window_output(self.window, (self.h, self.w))) >= 1

    @property
    def halves(self) -> bool:
        """Whether a pool of 2x2 fits behind it."""
        return min(window_output(self.window, (self.h, self.w))) >= 2


def pairs(values: st.SearchStrategy[int]) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(values, values)


@st.composite
def cases(draw: st.DrawFn, targets: st.SearchStrategy[int | Target] = TARGETS) -> Case:
    kernel = draw(st.tuples(st.integers(1, 5), st.sampled_from((1, 2, 3, 5))))
    padding = pairs(st.integers(0, 3))
    strides, dilations = pairs(st.integers(1, 3)), pairs(st.sampled_from((1, 1, 2, 3)))
    window = Window(kernel, draw(strides), draw(padding), draw(padding), draw(dilations))
    groups = draw(st.sampled_from((1, 1, 1, 2, 3)))
    c, k = groups * draw(st.sampled_from((1, 2, 4, 5))), groups * draw(st.sampled_from((1, 3, 4, 6)))
    h, w = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    return Case(window, groups, c, k, h, w, draw(IMAGES), draw(targets), draw(THREADS))


CASES = cases().filter(lambda case: case.fits)


def forward(case: Case, activation: ops.Activation, bias: bool) -> Graph:
    y = batched("y", case.k, *window_output(case.window, (case.h, case.w)))
    inputs = (batched("x", case.c, case.h, case.w), weight(case, "w"), plain("b", case.k))
    return one_operation(ops.Convolution(case.window, case.groups, activation), inputs[: 3 if bias else 2], (y,))


def weight(case: Case, name: str):
    return plain(name, case.k, case.c // case.groups, *case.window.kernel)


def input_gradient(case: Case) -> Graph:
    dy = batched("dy", case.k, *window_output(case.window, (case.h, case.w)))
    dx = batched("dx", case.c, case.h, case.w)
    return one_operation(ops.ConvolutionInputGradient(case.window, case.groups), (dy, weight(case, "w")), (dx,))


def weight_gradient(case: Case) -> Graph:
    dy = batched("dy", case.k, *window_output(case.window, (case.h, case.w)))
    x = batched("x", case.c, case.h, case.w)
    return one_operation(ops.ConvolutionWeightGradient(case.window, case.groups), (x, dy), (weight(case, "dw"),))


def check(backend: Backend, graph: Graph, case: Case, batch: int | None = None) -> None:
    arrays = random_arrays(graph, case.images)
    agree(backend, graph, arrays, images=case.images, batch=batch, target=case.target, threads=case.threads)


@given(CASES, st.booleans(), st.sampled_from(("identity", "relu", "tanh", "relu6", "leaky_relu")))
def test_a_convolution_is_what_the_oracle_says(
    backend: Backend, case: Case, bias: bool, function: ops.ActivationName
) -> None:
    with backend.few_kernels():
        check(backend, forward(case, ops.Activation(function, 0.1), bias), case)


@given(CASES)
def test_the_input_gradient_is_what_the_oracle_says(backend: Backend, case: Case) -> None:
    with backend.few_kernels():
        check(backend, input_gradient(case), case)


@given(CASES)
def test_the_weight_gradient_is_what_the_oracle_says(backend: Backend, case: Case) -> None:
    with backend.few_kernels():
        check(backend, weight_gradient(case), case)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("channels", [1, 3, 13])
def test_few_and_many_sums_of_a_weight_gradient_are_divided_alike(
    backend: Backend, channels: int, threads: int
) -> None:
    case = Case(Window((4, 3), (1, 1), (2, 1), (1, 1)), 1, channels, 3, 7, 9, 36, threads=threads)
    with backend.few_kernels():
        check(backend, weight_gradient(case), case)


@pytest.mark.parametrize("images", [1, 16, 20])
def test_a_short_batch_leaves_the_rest_alone(backend: Backend, images: int) -> None:
    case = Case(Window((3, 3), (1, 1), (1, 1), (1, 1)), 1, 2, 4, 5, 6, images)
    with backend.few_kernels():
        for graph in (forward(case, ops.IDENTITY, bias=True), input_gradient(case), weight_gradient(case)):
            check(backend, graph, case, batch=64)

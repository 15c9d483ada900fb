"""Convolution channel by channel beside the oracle, forward and backward, with strides and any padding."""

from hypothesis import given
from hypothesis import strategies as st

from netspec.ir import operations as ops
from netspec.ir.operations import Window
from netspec.targets.target import Target
from tests.kernels.backends import Backend
from tests.kernels.draws import FIRST_TARGETS, IMAGES, THREADS
from tests.kernels.test_convolution import Case, check, forward, input_gradient, pairs, weight_gradient


@st.composite
def cases(draw: st.DrawFn, targets: st.SearchStrategy[int | Target] = FIRST_TARGETS) -> Case:
    padding, stride = pairs(st.integers(0, 3)), st.sampled_from(((1, 1), (2, 2), (1, 2)))
    window = Window((3, 3), draw(stride), draw(padding), draw(padding))
    c, h, w = draw(st.sampled_from((1, 3, 7))), draw(st.integers(1, 20)), draw(st.integers(1, 9))
    return Case(window, c, c, c, h, w, draw(IMAGES), draw(targets), draw(THREADS))


CASES = cases().filter(lambda case: case.fits)


@given(CASES, st.booleans(), st.sampled_from(("identity", "relu", "tanh")))
def test_sums_channel_by_channel_are_what_the_oracle_says(
    backend: Backend, case: Case, bias: bool, function: ops.ActivationName
) -> None:
    check(backend, forward(case, ops.Activation(function), bias), case)


@given(CASES)
def test_the_input_gradient_is_what_the_oracle_says(backend: Backend, case: Case) -> None:
    check(backend, input_gradient(case), case)


@given(CASES)
def test_the_weight_gradient_is_what_the_oracle_says(backend: Backend, case: Case) -> None:
    check(backend, weight_gradient(case), case)


def test_pixels_that_a_stride_steps_over_get_nothing(backend: Backend) -> None:
    case = Case(Window((2, 2), (3, 3), (1, 0), (0, 1)), 3, 3, 3, 8, 7, 18, threads=2)
    for graph in (forward(case, ops.IDENTITY, bias=True), input_gradient(case), weight_gradient(case)):
        check(backend, graph, case)

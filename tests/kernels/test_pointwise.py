"""Convolution of 1x1 windows beside the oracle: forward and backward, with strides and groups."""

from hypothesis import given
from hypothesis import strategies as st

from netspec.ir import operations as ops
from netspec.ir.operations import Window
from tests.kernels.backends import Backend
from tests.kernels.draws import IMAGES, TARGETS, THREADS
from tests.kernels.test_convolution import Case, check, forward, input_gradient, pairs, weight_gradient


@st.composite
def cases(draw: st.DrawFn) -> Case:
    stride = draw(st.one_of(st.just((1, 1)), pairs(st.integers(1, 3))))
    groups = draw(st.sampled_from((1, 1, 2)))
    c, k = groups * draw(st.sampled_from((1, 3, 9))), groups * draw(st.sampled_from((1, 4, 6)))
    h, w = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    return Case(Window((1, 1), stride), groups, c, k, h, w, draw(IMAGES), draw(TARGETS), draw(THREADS))


@given(cases(), st.booleans(), st.sampled_from(("identity", "relu", "tanh")))
def test_a_product_at_every_position_is_what_the_oracle_says(
    backend: Backend, case: Case, bias: bool, function: ops.ActivationName
) -> None:
    with backend.few_kernels():
        check(backend, forward(case, ops.Activation(function), bias), case)


@given(cases())
def test_its_input_gradient_is_zero_where_a_stride_steps_over(backend: Backend, case: Case) -> None:
    with backend.few_kernels():
        check(backend, input_gradient(case), case)


@given(cases())
def test_its_weight_gradient_is_what_the_oracle_says(backend: Backend, case: Case) -> None:
    with backend.few_kernels():
        check(backend, weight_gradient(case), case)

"""Convolution of 1x1 windows beside the oracle: forward and backward, with strides and groups."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from netspec.ir import operations as ops
from netspec.ir.operations import Window
from netspec.schedule.cpu.lower import lower
from netspec.targets.cpu.processor import AVX512, CpuTarget
from tests.kernels.cpu.tiling import IMAGES, TARGETS, THREADS, few_tiles
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
    case: Case, bias: bool, function: ops.ActivationName
) -> None:
    with few_tiles():
        check(forward(case, ops.Activation(function), bias), case)


@given(cases())
def test_its_input_gradient_is_zero_where_a_stride_steps_over(case: Case) -> None:
    with few_tiles():
        check(input_gradient(case), case)


@given(cases())
def test_its_weight_gradient_is_what_the_oracle_says(case: Case) -> None:
    with few_tiles():
        check(weight_gradient(case), case)


def test_many_channels_are_summed_block_by_block() -> None:
    small = CpuTarget("a small cache", lanes=16, registers=32, l1_bytes=4 * 1024)
    case = Case(Window((1, 1)), 2, 38, 12, 5, 7, 20, small, 2)
    with few_tiles():
        check(forward(case, ops.Activation("relu"), bias=True), case)
        check(input_gradient(case), case)


def test_a_padded_window_of_one_position_takes_the_general_way() -> None:
    point = Case(Window((1, 1)), 1, 2, 3, 4, 4, 3, AVX512, 1)
    padded = replace(point, window=Window((1, 1), before=(1, 0), after=(0, 1)))
    for case, algorithm in ((point, "pointwise"), (padded, "direct")):
        for graph in (forward(case, ops.IDENTITY, bias=False), input_gradient(case)):
            assert lower(graph, case.target, case.images).launches[0].algorithm == algorithm

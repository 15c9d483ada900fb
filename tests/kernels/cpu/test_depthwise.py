"""Depthwise convolution as the CPU does it: in bands, of few registers, and where it takes the general way."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.ir import operations as ops
from netspec.ir.operations import Window
from netspec.schedule.cpu.lower import lower
from netspec.targets.cpu.processor import AVX2, AVX512, SSE, CpuTarget
from tests.kernels.cpu.backend import CPU
from tests.kernels.test_convolution import Case, check, forward, input_gradient, weight_gradient
from tests.kernels.test_depthwise import cases

SMALL = CpuTarget("a small cache", lanes=16, registers=32, l2_bytes=4096)
"""planes are done in bands of a few rows"""
CASES = cases(st.sampled_from((SMALL, SSE))).filter(lambda case: case.fits)


@given(CASES, st.booleans(), st.sampled_from(("identity", "relu", "tanh")))
def test_sums_in_bands_or_of_few_registers_are_what_the_oracle_says(
    case: Case, bias: bool, function: ops.ActivationName
) -> None:
    check(CPU, forward(case, ops.Activation(function), bias), case)


@given(CASES)
def test_the_input_gradient_is_what_the_oracle_says(case: Case) -> None:
    check(CPU, input_gradient(case), case)


@given(CASES)
def test_the_weight_gradient_is_what_the_oracle_says(case: Case) -> None:
    check(CPU, weight_gradient(case), case)


DENSE = Case(Window((3, 3), before=(1, 1), after=(1, 1)), 4, 4, 4, 6, 6, 3, AVX512, 1)


@pytest.mark.parametrize(
    ("case", "algorithm"),
    [
        (DENSE, "depthwise"),
        (replace(DENSE, window=replace(DENSE.window, kernel=(5, 5))), "depthwise"),
        (replace(DENSE, window=replace(DENSE.window, kernel=(5, 5)), target=AVX2), "direct"),
        (replace(DENSE, window=replace(DENSE.window, dilation=(2, 1))), "direct"),
        (replace(DENSE, k=8), "direct"),
        (replace(DENSE, groups=2), "direct"),
    ],
)
def test_what_has_gaps_or_too_many_taps_or_mixes_channels_takes_the_general_way(case: Case, algorithm: str) -> None:
    for graph in (forward(case, ops.IDENTITY, bias=False), input_gradient(case), weight_gradient(case)):
        assert lower(graph, case.target, case.images).launches[0].algorithm.split("_")[0] == algorithm

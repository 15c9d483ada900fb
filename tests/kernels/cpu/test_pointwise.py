"""Convolution of 1x1 windows as the CPU does it: blocks of channels, and where it takes the general way."""

from dataclasses import replace

from netspec.ir import operations as ops
from netspec.ir.operations import Window
from netspec.schedule.cpu.lower import lower
from netspec.targets.cpu.processor import AVX512, CpuTarget
from tests.kernels.cpu.backend import CPU
from tests.kernels.cpu.tiling import few_tiles
from tests.kernels.test_convolution import Case, check, forward, input_gradient


def test_many_channels_are_summed_block_by_block() -> None:
    small = CpuTarget("a small cache", lanes=16, registers=32, l1_bytes=4 * 1024)
    case = Case(Window((1, 1)), 2, 38, 12, 5, 7, 20, small, 2)
    with few_tiles():
        check(CPU, forward(case, ops.Activation("relu"), bias=True), case)
        check(CPU, input_gradient(case), case)


def test_a_padded_window_of_one_position_takes_the_general_way() -> None:
    point = Case(Window((1, 1)), 1, 2, 3, 4, 4, 3, AVX512, 1)
    padded = replace(point, window=Window((1, 1), before=(1, 0), after=(0, 1)))
    for case, algorithm in ((point, "pointwise"), (padded, "direct")):
        for graph in (forward(case, ops.IDENTITY, bias=False), input_gradient(case)):
            assert lower(graph, case.target, case.images).launches[0].algorithm == algorithm

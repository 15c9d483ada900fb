"""Winograd's convolution beside the oracle: any padding, any size, any channels, all lane counts."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.ir import operations as ops
from netspec.ir.graph import Graph
from netspec.ir.operations import Window
from netspec.schedule.cpu.lower import lower
from netspec.targets.cpu.costs import Costs
from netspec.targets.cpu.processor import AVX2, AVX512, NEON, CpuTarget
from netspec.targets.cpu.program import WINOGRAD
from tests.kernels.cpu.backend import CPU
from tests.kernels.cpu.test_convolution import check_pooled
from tests.kernels.cpu.tiling import TARGETS, few_tiles
from tests.kernels.draws import IMAGES, THREADS
from tests.kernels.harness import agree, random_arrays, run_kernel
from tests.kernels.test_convolution import Case, forward, input_gradient, weight_gradient

TOLERANCE = 2e-5
"""of the largest number, where a direct sum gets 1e-6: see docs/numerics.md"""


def eager(target: CpuTarget) -> CpuTarget:
    """The target, with Winograd wherever it applies."""
    return replace(target, costs=Costs(clearly=0.0))


def batched(target: CpuTarget) -> CpuTarget:
    """The target, with all tiles of a batch multiplied together where they are few."""
    return replace(target, l2_bytes=1)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    taps = draw(st.sampled_from((3, 5)))
    pads = st.tuples(st.integers(0, taps + 1), st.integers(0, taps + 1))
    window = Window((taps, taps), (1, 1), draw(pads), draw(pads), (1, 1))
    c, k = draw(st.sampled_from((4, 5))), draw(st.sampled_from((4, 6, 9)))
    h, w = draw(st.integers(1, 13)), draw(st.integers(1, 13))
    target = draw(TARGETS.map(eager))
    target = draw(st.sampled_from((target, batched(target))))
    return Case(window, 1, c, k, h, w, draw(IMAGES), target, draw(THREADS))


CASES = cases().filter(lambda case: case.fits)


def check(graph: Graph, case: Case, batch: int | None = None, tolerance: float = TOLERANCE) -> None:
    with few_tiles():
        (launch,) = lower(graph, case.target, case.images).launches
        assert launch.algorithm in WINOGRAD
        arrays = random_arrays(graph, case.images)
        agree(CPU, graph, arrays, tolerance, images=case.images, batch=batch, target=case.target, threads=case.threads)


@given(CASES, st.booleans(), st.sampled_from(("identity", "relu", "tanh")))
def test_the_forward_pass_is_what_the_oracle_says(case: Case, bias: bool, function: ops.ActivationName) -> None:
    tolerance = 10 * TOLERANCE if function == "tanh" else TOLERANCE  # its outputs are smaller than the sums
    check(forward(case, ops.Activation(function), bias), case, tolerance=tolerance)


@given(CASES)
def test_the_input_gradient_is_what_the_oracle_says(case: Case) -> None:
    check(input_gradient(case), case)


@given(CASES)
def test_the_weight_gradient_is_what_the_oracle_says(case: Case) -> None:
    check(weight_gradient(case), case)


@given(CASES.filter(lambda case: case.halves), st.booleans(), st.sampled_from(("identity", "relu")), st.booleans())
def test_patches_are_pooled_to_the_bits_of_a_pool_behind_them(
    case: Case, bias: bool, function: ops.ActivationName, index: bool
) -> None:
    check_pooled(case, ops.Activation(function), bias, index, WINOGRAD)


HOW = ["winograd", "winograd_batched"]


def square(
    taps: int, pad: int, channels: int, size: int, *, images: int = 20, target: CpuTarget = AVX512, threads: int = 1
) -> Case:
    window = Window((taps, taps), (1, 1), (pad, pad), (pad, pad), (1, 1))
    return Case(window, 1, channels, channels, size, size, images, eager(target), threads)


@pytest.mark.parametrize(("taps", "size"), [(3, 4), (3, 7), (5, 3)])
def test_tiles_of_a_batch_together_come_to_the_same_bits(taps: int, size: int) -> None:
    case = replace(square(taps, taps // 2, 9, size), k=40)  # more blocks than are transformed at a time
    few = batched(case.target)
    for graph in (forward(case, ops.Activation("relu"), bias=True), input_gradient(case)):
        arrays = random_arrays(graph, 20)
        assert [lower(graph, each, 20).launches[0].algorithm for each in (case.target, few)] == HOW
        with few_tiles():
            wanted = run_kernel(CPU, graph, arrays, images=20, target=case.target, threads=1)
            runs = [run_kernel(CPU, graph, arrays, images=20, target=few, threads=threads) for threads in (1, 2, 3, 8)]
        ((name, array),) = wanted.items()
        for found in runs:
            np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize("images", [1, 16, 20])
def test_a_short_batch_leaves_the_rest_alone(images: int) -> None:
    case = square(3, 1, 4, 7, images=images)
    small = replace(case, h=4, w=3, target=batched(case.target))
    for each in (case, small):
        check(forward(each, ops.IDENTITY, bias=True), each, batch=64)
        check(input_gradient(each), each, batch=64)
        check(weight_gradient(each), each, batch=64)


@pytest.mark.parametrize("target", [AVX512, AVX2, NEON])
@pytest.mark.parametrize("taps", [3, 5])
def test_the_same_bits_come_out_for_any_number_of_threads(taps: int, target: CpuTarget) -> None:
    case = square(taps, taps // 2, 6, 11, target=target)
    for graph in (forward(case, ops.Activation("relu"), bias=True), input_gradient(case), weight_gradient(case)):
        arrays = random_arrays(graph, case.images)
        with few_tiles():
            runs = [
                run_kernel(CPU, graph, arrays, images=20, target=case.target, threads=threads)
                for threads in (1, 2, 3, 5)
            ]
        (name,) = runs[0]
        for other in runs[1:]:
            np.testing.assert_array_equal(other[name], runs[0][name])


@pytest.mark.parametrize("taps", [3, 5])
def test_the_error_is_what_the_docs_say(taps: int) -> None:
    """docs/numerics.md: 1e-5 of the largest number; these come to 2e-6."""
    case = square(taps, taps // 2, 64, 12, images=16)
    for graph in (forward(case, ops.IDENTITY, bias=False), input_gradient(case), weight_gradient(case)):
        assert lower(graph, AVX512, 16).launches[0].algorithm == "winograd"
        agree(CPU, graph, random_arrays(graph, 16), 1e-5, images=16)


def test_exact_targets_and_other_windows_stay_direct() -> None:
    case = square(3, 1, 64, 16, images=64)
    graph = forward(case, ops.IDENTITY, bias=True)
    assert lower(graph, AVX512, 64).launches[0].algorithm == "winograd"
    assert lower(graph, replace(AVX512, exact=True), 64).launches[0].algorithm == "direct"
    strided = replace(case, window=Window((3, 3), (2, 2), (1, 1), (1, 1), (1, 1)))
    assert lower(forward(strided, ops.IDENTITY, bias=True), AVX512, 64).launches[0].algorithm == "direct"

"""Convolution as the CPU does it: pools on the way, bands, stripes and blocks of channels."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from netspec.ir import operations as ops
from netspec.ir.graph import Graph, Node
from netspec.ir.operations import Window
from netspec.schedule.cpu.direct import direct_algorithm
from netspec.schedule.cpu.lower import lower
from netspec.targets.cpu.processor import AVX2, AVX512, CpuTarget
from netspec.targets.cpu.program import Algorithm, Tile
from netspec.targets.cpu.strips import strip_stride
from tests.kernels.cpu.backend import CPU
from tests.kernels.cpu.tiling import TARGETS, few_tiles
from tests.kernels.harness import batched, random_arrays, run_kernel
from tests.kernels.test_convolution import Case, cases, check, forward, input_gradient, weight_gradient


def pooled(case: Case, activation: ops.Activation, bias: bool, index: bool) -> Graph:
    """The forward pass and a pool of 2x2 behind it, as two nodes."""
    graph = forward(case, activation, bias)
    (y,) = graph.outputs
    k, h, w = y.shape
    results = (batched("p", k, h // 2, w // 2), batched("i", k, h // 2, w // 2, dtype="int32"))[: 1 + index]
    pool = Node(ops.MaxPool(Window((2, 2), (2, 2))), (y,), results, "pool")
    return replace(graph, nodes=(*graph.nodes, pool), outputs=results)


DIRECT: frozenset[Algorithm] = frozenset(("direct",))


def check_pooled(
    case: Case, activation: ops.Activation, bias: bool, index: bool, algorithms: frozenset[Algorithm]
) -> None:
    """Beside the same two nodes in a program that keeps the map between them."""
    graph = pooled(case, activation, bias, index)
    arrays = random_arrays(graph, case.images)
    arrays["x"][0, 0, :1] = np.nan
    run = {"images": case.images, "target": case.target, "threads": case.threads}
    with few_tiles():
        (launch,) = lower(graph, case.target, case.images).launches
        assert isinstance(launch.operation, ops.PooledConvolution)
        assert launch.algorithm in algorithms
        found = run_kernel(CPU, graph, arrays, **run)
        seen = replace(graph, outputs=(*graph.outputs, graph.nodes[0].outputs[0]))
        wanted = run_kernel(CPU, seen, arrays, **run)
    for name, array in found.items():
        np.testing.assert_array_equal(array, wanted[name])


@given(
    cases(TARGETS).filter(lambda case: case.fits and case.halves),
    st.booleans(),
    st.sampled_from(("identity", "relu")),
    st.booleans(),
)
def test_rows_are_pooled_to_the_bits_of_a_pool_behind_them(
    case: Case, bias: bool, function: ops.ActivationName, index: bool
) -> None:
    case = replace(case, target=replace(case.target, exact=True))
    assume(direct_algorithm(forward(case, ops.IDENTITY, bias).nodes[0], Tile(1, 1), case.target) == "direct")
    check_pooled(case, ops.Activation(function), bias, index, DIRECT)


def test_rows_that_would_lie_pages_apart_are_pooled_too() -> None:
    case = Case(Window((3, 3), (1, 1), (1, 1), (1, 1)), 1, 2, 4, 6, 32, 20, AVX512, 2)
    assert strip_stride(32, 16) == 1024 + 16
    check_pooled(case, ops.Activation("relu"), bias=True, index=True, algorithms=DIRECT)


def test_a_map_of_long_rows_is_not_pooled_on_the_way() -> None:
    """Two rows of it would not stay in the cache."""
    small = replace(AVX512, l2_bytes=15 * 1024)
    case = Case(Window((3, 3), (1, 1), (1, 1), (1, 1)), 1, 2, 4, 6, 8, 20, small, 1)
    assert len(lower(pooled(case, ops.IDENTITY, bias=True, index=True), small, 20).launches) == 2
    assert len(lower(pooled(case, ops.IDENTITY, bias=True, index=True), AVX512, 20).launches) == 1


@pytest.mark.parametrize("window", [Window((1, 1)), Window((2, 2), (2, 2), (1, 0), (0, 1))], ids=["1x1", "2x2"])
@pytest.mark.parametrize("cache_bytes", [1, 9_000, 64_000])
def test_bands_and_stripes_of_a_weight_gradient_change_no_bit(window: Window, cache_bytes: int) -> None:
    case = Case(window, 1, 20, 19, 9, 7, 37, AVX512, 1)
    arrays = random_arrays(weight_gradient(case), case.images)
    with few_tiles():
        wanted = run_kernel(CPU, weight_gradient(case), arrays, images=37, target=replace(AVX512, l2_bytes=1 << 30))
        for threads in (1, 3):
            small = replace(AVX512, l2_bytes=cache_bytes)
            found = run_kernel(CPU, weight_gradient(case), arrays, images=37, batch=64, target=small, threads=threads)
            np.testing.assert_array_equal(found["dw"], wanted["dw"])


@pytest.mark.parametrize("channels", [1, 3])
def test_a_weight_gradient_of_more_taps_than_registers_take_is_what_the_oracle_says(channels: int) -> None:
    case = Case(Window((2, 9), (1, 2), (1, 4), (0, 4)), 1, channels, 5, 4, 13, 12, AVX2, 1)
    check(CPU, weight_gradient(case), case)


def test_many_channels_are_summed_block_by_block() -> None:
    small = CpuTarget("small caches", lanes=16, registers=32, l1_bytes=8 * 1024, l2_bytes=16 * 1024)
    case = Case(Window((3, 3), (1, 1), (1, 1), (1, 1)), 1, 19, 6, 6, 6, 20, small, 1)
    with few_tiles():
        check(CPU, forward(case, ops.Activation("relu"), bias=True), case)
        check(CPU, input_gradient(case), case)

"""Convolution and its gradients beside the oracle, for any stride, padding, dilation and groups."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from netspec.ir import operations as ops
from netspec.ir.graph import Graph, Node
from netspec.ir.operations import Window
from netspec.ir.shapes import window_output
from netspec.schedule.cpu.direct import direct_algorithm
from netspec.schedule.cpu.lower import lower
from netspec.targets.cpu.processor import AVX2, AVX512, CpuTarget
from netspec.targets.cpu.program import Algorithm, Tile
from netspec.targets.cpu.strips import strip_stride
from tests.kernels.cpu.tiling import IMAGES, TARGETS, THREADS, few_tiles
from tests.kernels.harness import agree, batched, one_operation, plain, random_arrays, run_kernel


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
    target: CpuTarget
    threads: int

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
def cases(draw: st.DrawFn) -> Case:
    kernel = draw(st.tuples(st.integers(1, 5), st.sampled_from((1, 2, 3, 5))))
    padding = pairs(st.integers(0, 3))
    strides, dilations = pairs(st.integers(1, 3)), pairs(st.sampled_from((1, 1, 2, 3)))
    window = Window(kernel, draw(strides), draw(padding), draw(padding), draw(dilations))
    groups = draw(st.sampled_from((1, 1, 1, 2, 3)))
    c, k = groups * draw(st.sampled_from((1, 2, 4, 5))), groups * draw(st.sampled_from((1, 3, 4, 6)))
    h, w = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    return Case(window, groups, c, k, h, w, draw(IMAGES), draw(TARGETS), draw(THREADS))


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


def check(graph: Graph, case: Case, batch: int | None = None) -> None:
    arrays = random_arrays(graph, case.images)
    agree(graph, arrays, images=case.images, batch=batch, target=case.target, threads=case.threads)


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
        found = run_kernel(graph, arrays, **run)
        seen = replace(graph, outputs=(*graph.outputs, graph.nodes[0].outputs[0]))
        wanted = run_kernel(seen, arrays, **run)
    for name, array in found.items():
        np.testing.assert_array_equal(array, wanted[name])


@given(CASES, st.booleans(), st.sampled_from(("identity", "relu", "tanh", "relu6", "leaky_relu")))
def test_a_convolution_is_what_the_oracle_says(case: Case, bias: bool, function: ops.ActivationName) -> None:
    with few_tiles():
        check(forward(case, ops.Activation(function, 0.1), bias), case)


@given(CASES.filter(lambda case: case.halves), st.booleans(), st.sampled_from(("identity", "relu")), st.booleans())
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
        wanted = run_kernel(weight_gradient(case), arrays, images=37, target=replace(AVX512, l2_bytes=1 << 30))
        for threads in (1, 3):
            small = replace(AVX512, l2_bytes=cache_bytes)
            found = run_kernel(weight_gradient(case), arrays, images=37, batch=64, target=small, threads=threads)
            np.testing.assert_array_equal(found["dw"], wanted["dw"])


@given(CASES)
def test_the_input_gradient_is_what_the_oracle_says(case: Case) -> None:
    with few_tiles():
        check(input_gradient(case), case)


@given(CASES)
def test_the_weight_gradient_is_what_the_oracle_says(case: Case) -> None:
    with few_tiles():
        check(weight_gradient(case), case)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("channels", [1, 3, 13])
def test_few_and_many_sums_of_a_weight_gradient_are_divided_alike(channels: int, threads: int) -> None:
    case = Case(Window((4, 3), (1, 1), (2, 1), (1, 1)), 1, channels, 3, 7, 9, 36, AVX512, threads)
    with few_tiles():
        check(weight_gradient(case), case)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_weight_gradient_of_more_taps_than_registers_take_is_what_the_oracle_says(channels: int) -> None:
    case = Case(Window((2, 9), (1, 2), (1, 4), (0, 4)), 1, channels, 5, 4, 13, 12, AVX2, 1)
    check(weight_gradient(case), case)


@pytest.mark.parametrize("images", [1, 16, 20])
def test_a_short_batch_leaves_the_rest_alone(images: int) -> None:
    case = Case(Window((3, 3), (1, 1), (1, 1), (1, 1)), 1, 2, 4, 5, 6, images, AVX512, 1)
    with few_tiles():
        for graph in (forward(case, ops.IDENTITY, bias=True), input_gradient(case), weight_gradient(case)):
            check(graph, case, batch=64)


def test_many_channels_are_summed_block_by_block() -> None:
    small = CpuTarget("small caches", lanes=16, registers=32, l1_bytes=8 * 1024, l2_bytes=16 * 1024)
    case = Case(Window((3, 3), (1, 1), (1, 1), (1, 1)), 1, 19, 6, 6, 6, 20, small, 1)
    with few_tiles():
        check(forward(case, ops.Activation("relu"), bias=True), case)
        check(input_gradient(case), case)

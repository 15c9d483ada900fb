"""Dense layers as the CPU does them: sums in blocks that fit its caches, and tiles as they are planned."""

from dataclasses import replace

from netspec.ir import operations as ops
from netspec.targets.cpu.processor import AVX512, CpuTarget
from tests.kernels.cpu.backend import CPU
from tests.kernels.cpu.tiling import few_tiles
from tests.kernels.harness import agree, random_arrays
from tests.kernels.test_dense import forward, gradients, update


def test_features_beyond_the_second_cache_are_updated_once() -> None:
    graph = update((700,), 5, nesterov=True)
    small = replace(AVX512, l2_bytes=1 << 14)
    with few_tiles():
        agree(CPU, graph, random_arrays(graph, 40), images=40, target=small, threads=2)


def test_long_sums_are_cut_into_blocks() -> None:
    small = CpuTarget("small cache", lanes=16, registers=32, l1_bytes=2048)
    with few_tiles():
        for graph in (forward((101,), 5, ops.Activation("relu"), bias=True), *gradients((101,), 9)):
            agree(CPU, graph, random_arrays(graph, 40), images=40, target=small)


def test_tiles_of_the_real_chooser_agree_too() -> None:
    for graph in (forward((120,), 84, ops.Activation("relu"), bias=True), *gradients((120,), 84)):
        agree(CPU, graph, random_arrays(graph, 64), images=64, target=AVX512)

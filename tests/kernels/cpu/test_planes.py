"""Every kernel that takes planes with a vector between them, on planes that get one, beside the oracle."""

from dataclasses import replace

import numpy as np
import pytest

from netspec.ir import operations as ops
from netspec.ir.graph import Graph
from netspec.ir.operations import Window
from netspec.runtime.cpu.machine import CpuMachine
from netspec.runtime.feed import Pass, Source
from netspec.schedule.cpu.lower import lower
from netspec.schedule.cpu.planes import PADDABLE, padded_planes
from netspec.targets.cpu.costs import Costs
from netspec.targets.cpu.processor import AVX2, AVX512, CpuTarget
from tests.kernels.cpu.backend import CPU
from tests.kernels.cpu.tiling import few_tiles
from tests.kernels.harness import CACHE_DIR, agree, batched, one_operation, plain, random_arrays

MAP = (4, 16, 8)
"""128 positions: 8192 bytes of 16 lanes, 4096 of 8"""
SAME = Window((3, 3), (1, 1), (1, 1), (1, 1))
HALF = Window((2, 2), (2, 2))
CHANNELS = tuple(plain(name, 4) for name in ("scale", "shift", "mean", "variance"))
STATISTICS = tuple(plain(name, 4) for name in ("batch_mean", "inverse", "new_mean", "new_variance"))
RELU = ops.Activation("relu")
X, Y, DY, DX = (batched(name, *MAP) for name in ("x", "y", "dy", "dx"))
SMALL, INDEX = batched("small", 4, 8, 4), batched("index", 4, 8, 4, dtype="int32")
W, DW = plain("w", 4, 4, 3, 3), plain("dw", 4, 4, 3, 3)

GRAPHS: tuple[Graph, ...] = (
    one_operation(RELU, (X,), (Y,)),
    one_operation(ops.ActivationGradient("relu"), (X, DY), (DX,)),
    one_operation(ops.GuidedGradient("relu"), (X, DY), (DX,)),
    one_operation(ops.Add(), (X, DY), (Y,)),
    one_operation(ops.AveragePool(HALF), (X,), (SMALL,)),
    one_operation(ops.AveragePoolGradient(HALF), (SMALL,), (DX,)),
    one_operation(ops.BatchNorm(), (X, *CHANNELS), (Y,)),
    one_operation(ops.BatchNormInputGradient(), (DY, CHANNELS[0], CHANNELS[3]), (DX,)),
    one_operation(
        ops.BatchNormTraining(),
        (X, *CHANNELS),
        (Y, *STATISTICS),
        {"mean": "new_mean", "variance": "new_variance"},
    ),
    one_operation(
        ops.BatchNormGradient(), (X, *CHANNELS[:2], *STATISTICS[:2], DY), (DX, plain("dscale", 4), plain("dshift", 4))
    ),
    one_operation(
        ops.BatchNormAddGradient(RELU),
        (X, CHANNELS[0], *STATISTICS[:2], Y, DY),
        (DX, plain("dscale", 4), plain("dshift", 4), batched("dz", *MAP)),
    ),
    one_operation(ops.ChannelSum(), (DY,), (plain("db", 4),)),
    one_operation(ops.Concatenate(), (X, batched("x2", 3, 16, 8)), (batched("y", 7, 16, 8),)),
    one_operation(ops.Convolution(SAME), (X, W), (Y,)),
    one_operation(ops.ConvolutionInputGradient(SAME), (DY, W), (DX,)),
    one_operation(ops.ConvolutionWeightGradient(SAME), (X, DY), (DW,)),
    one_operation(ops.Deconvolution(SAME), (X, W), (Y,)),
    one_operation(ops.MaxPool(HALF), (X,), (SMALL, INDEX)),
    one_operation(ops.MaxPoolGradient(HALF), (INDEX, SMALL), (DX,)),
    one_operation(ops.PooledConvolution(ops.Convolution(SAME), ops.MaxPool(HALF)), (X, W), (SMALL, INDEX)),
    one_operation(ops.Slice(1, 3), (X,), (batched("y", 2, 16, 8),)),
)


def _name(graph: Graph) -> str:
    return type(graph.nodes[0].operation).__name__


def test_none_is_left_out() -> None:
    assert {type(graph.nodes[0].operation) for graph in GRAPHS} == PADDABLE


@pytest.mark.parametrize("target", [AVX512, AVX2], ids=lambda target: target.name)
@pytest.mark.parametrize("graph", GRAPHS, ids=_name)
def test_it_is_what_the_oracle_says(graph: Graph, target: CpuTarget) -> None:
    assert (16, 8) in padded_planes(graph, target)
    arrays = random_arrays(graph, 21)
    if "variance" in arrays:
        arrays["variance"] = np.abs(arrays["variance"]) + np.float32(0.1)
    if "index" in arrays:
        arrays["index"] = np.random.default_rng(1).integers(0, 4, (21, 4, 8, 4)).astype(np.int32)
    by_patches = replace(target, costs=Costs(clearly=0.0))
    for way in (target, by_patches) if _name(graph) == "PooledConvolution" else (target,):
        with few_tiles():
            agree(CPU, graph, arrays, 1e-4, images=21, batch=40, target=way, threads=2)


def test_a_minibatch_is_gathered_and_collected_image_by_image() -> None:
    machine = CpuMachine(lower(one_operation(RELU, (X,), (Y,)), AVX512, 32), cache_dir=CACHE_DIR)
    assert machine.program.buffers["y"].plane_stride == 16 * 8 * 16 + 16
    images = np.random.default_rng(0).standard_normal((21, *MAP)).astype(np.float32)
    feed = Pass(Source(images, None, np.zeros(4), np.ones(4)), np.arange(21))
    np.testing.assert_array_equal(machine.outputs(feed).arrays.reshape(images.shape), np.maximum(images, 0))

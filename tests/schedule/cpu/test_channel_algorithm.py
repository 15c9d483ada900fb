"""Winograd's algorithm for one image: chosen where it saves more multiply-adds than its weights take from memory."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.compiler import prediction
from netspec.ir.memory import FLOAT_BYTES, PAGE_BYTES
from netspec.schedule.cpu.channels import lower_channels
from netspec.targets.cpu.processor import AVX2, AVX512, NEON, CpuTarget
from tests.schedule.nets import experiment

TARGETS = pytest.mark.parametrize("target", [AVX512, AVX2], ids=lambda target: target.name)


def algorithm(net: str, target: CpuTarget) -> str:
    """The algorithm of the net's second convolution."""
    graph = prediction(experiment(f"net t {{ {net}; dense 2 }}")).graph
    found = [launch for launch in lower_channels(graph, target, batch=1).launches if launch.layer == "conv2"]
    return found[0].algorithm


@TARGETS
@pytest.mark.parametrize("channels", [16, 64, 256])
def test_maps_of_several_tiles_are_transformed(channels: int, target: CpuTarget) -> None:
    net = f"input 16x16x16; conv 16 1x1; conv {channels} 3x3 pad=same"
    assert algorithm(net, target) == "winograd"
    assert algorithm(net, replace(target, exact=True)) == "direct"


@TARGETS
@pytest.mark.parametrize("size", [2, 4])
def test_many_weights_that_are_used_once_stay_few(size: int, target: CpuTarget) -> None:
    """A transformed filter has four times the weights of one of 3x3."""
    assert algorithm(f"input 16x{size}x{size}; conv 512 1x1; conv 512 3x3 pad=same", target) == "direct"


@TARGETS
def test_a_lane_without_a_channel_costs_as_much_as_one_with(target: CpuTarget) -> None:
    """Of 20 channels a sum computes as many as lanes round them up to, by either algorithm."""
    assert algorithm("input 16x16x16; conv 16 1x1; conv 20 5x5 pad=same", target) == "winograd"


@given(st.sampled_from([AVX512, AVX2, NEON]), st.integers(1, 90), st.booleans())
def test_no_tile_reads_further_than_a_page_behind_the_last_output(target: CpuTarget, stride: int, own: bool) -> None:
    kind = "depthwise 1" if own else "conv 40 1"
    net = experiment(f"net t {{ input 3x2x900; conv 40 1; {kind} stride={stride}; pool max global; dense 2 }}")
    tile = lower_channels(prediction(net).graph, target, batch=1).launches[1].tile
    assert (tile.rows - 1) * stride * target.lanes * FLOAT_BYTES <= PAGE_BYTES

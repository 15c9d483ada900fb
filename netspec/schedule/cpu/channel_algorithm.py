"""Choice of algorithm and tile for launches whose lanes hold channels: a function of shapes and the target alone."""

from __future__ import annotations

from netspec.ir.counts import macs
from netspec.ir.graph import Node
from netspec.schedule.cpu.algorithm import Plan
from netspec.schedule.cpu.channel_tiles import choose_channel_tile, sum_tile
from netspec.schedule.cpu.tiles import whole
from netspec.targets.cpu.channel_winograd import applies, packed_winograd
from netspec.targets.cpu.channels import Sum
from netspec.targets.cpu.processor import CpuTarget
from netspec.targets.cpu.program import Tile
from netspec.targets.cpu.winograd_tiles import PRODUCTS

WEIGHT_MACS = 12
"""Multiply-adds in the time that a weight takes from memory, meanwhile: 4 bytes at 20 GB/s, on a core that does 57
multiply-adds a nanosecond. What takes longer, multiply-adds or weights, is the time of a sum."""
INPUT_MACS = 400
OUTPUT_MACS = 300
"""cost in multiply-adds of one lane of a Winograd tile's input transform and output transform, measured"""


def choose_channel_plan(node: Node, target: CpuTarget, vector_channels: int) -> Plan:
    """The plan of a node's launch, for the given number of channels per vector of its input."""
    direct = Plan(choose_channel_tile(node, target))
    if not isinstance(node.operation, Sum) or target.exact or vector_channels == 1 or not applies(node):
        return direct
    width = _input_tiles(node, target)
    tile = sum_tile(target, node.outputs[0].shape[0], width, most_rows=width)
    gains = _direct_macs(node, direct.tile, target) > target.costs.clearly * _winograd_macs(node, tile, target)
    return Plan(tile, "winograd") if gains else direct


def _direct_macs(node: Node, tile: Tile, target: CpuTarget) -> float:
    """Cost of one image by the direct sum, in multiply-adds, those for lanes and rows without an output included."""
    channels, _, width = node.outputs[0].shape
    whole_channels, whole_width = whole(channels, tile.columns * target.lanes), whole(width, tile.rows)
    computed = macs(node) * whole_channels * whole_width / (channels * width)
    return max(computed, WEIGHT_MACS * node.inputs[1].elements)


def _input_tiles(node: Node, target: CpuTarget) -> int:
    down, across = packed_winograd(node, Tile(1, 1), target.lanes).input_tiles
    return down * across


def _winograd_macs(node: Node, tile: Tile, target: CpuTarget) -> int:
    """Cost of one image by Winograd's algorithm, in multiply-adds."""
    form = packed_winograd(node, tile, target.lanes)
    channels, outputs = form.sums.shape.x[0], form.sums.blocks * form.sums.width
    transforms = _input_tiles(node, target) * (channels * INPUT_MACS + outputs * OUTPUT_MACS)
    return transforms + PRODUCTS * channels * outputs * max(whole(_input_tiles(node, target), tile.rows), WEIGHT_MACS)

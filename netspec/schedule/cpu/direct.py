"""Choice among the direct algorithms, which sum as the operation is defined. 1x1 windows and depthwise convolutions
have kernels of their own, and weight gradients have three."""

from __future__ import annotations

from netspec.ir import operations as ops
from netspec.ir.graph import Node, Value
from netspec.ir.operations import Window
from netspec.targets.cpu.processor import CpuTarget
from netspec.targets.cpu.program import Algorithm, Tile

BESIDE_TAPS = 5
"""Registers needed beside the taps of a depthwise sum, which keeps every tap in a register."""

FEW_TILES = 8
"""A weight gradient with fewer tiles, kernel rows not counted, is summed for each lane group apart."""


def direct_algorithm(node: Node, tile: Tile, target: CpuTarget) -> Algorithm:
    """The direct algorithm of a node with this tile."""
    match node.operation:
        case ops.Convolution(window, groups) if is_depthwise(window, groups, node.inputs[1], target):
            return "depthwise"
        case ops.ConvolutionInputGradient(window, groups) if is_depthwise(window, groups, node.inputs[1], target):
            return "depthwise"
        case ops.ConvolutionWeightGradient(window, groups) if is_depthwise(window, groups, node.outputs[0], target):
            return "depthwise"
        case ops.Convolution(window) | ops.ConvolutionInputGradient(window) if is_pointwise(window):
            return "pointwise"
        case ops.ConvolutionWeightGradient(_, groups):
            return _weight_gradient(node.outputs[0], groups, tile)
        case _:
            return "direct"


def _weight_gradient(weights: Value, channel_groups: int, tile: Tile) -> Algorithm:
    """Chosen by the meaning of the tile's columns, taps or input channels, and by the number of tiles."""
    outputs, inputs, _, taps = weights.shape
    if tile.columns != taps or taps <= 2:
        return "direct_channels"
    tiles = channel_groups * -(-(outputs // channel_groups) // tile.rows) * inputs
    return "direct_taps_by_group" if tiles < FEW_TILES else "direct_taps"


def is_depthwise(window: Window, channel_groups: int, weights: Value, target: CpuTarget) -> bool:
    """Whether each channel is convolved alone, by a window without dilation whose taps fit into registers."""
    taps = window.kernel[0] * window.kernel[1]
    dense = window.dilation == (1, 1)
    return dense and weights.shape[:2] == (channel_groups, 1) and 1 < taps <= target.registers - BESIDE_TAPS


def is_pointwise(window: Window) -> bool:
    """Whether each output position depends on one input position, without padding."""
    return window.kernel == (1, 1) and window.before == (0, 0) and max(window.after) <= 0

"""How a sum is done that follows its definition: those of 1x1 windows and those channel by channel have kernels of
their own, and so have three kinds of weight gradients."""

from __future__ import annotations

from netspec.ir import operations as ops
from netspec.ir.graph import Node, Value
from netspec.ir.operations import Window
from netspec.targets.cpu.processor import CpuTarget
from netspec.targets.cpu.program import Algorithm, Tile

BESIDE_TAPS = 5
"""Vectors that a window's taps leave free, at least: a sum channel by channel keeps every tap in a register."""

FEW_TILES = 8
"""A weight gradient of fewer tiles than this, not counting rows of the kernel, is summed group by group."""


def direct_algorithm(node: Node, tile: Tile, target: CpuTarget) -> Algorithm:
    """The way a node is done, with a tile, that follows its definition."""
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


def _weight_gradient(weights: Value, groups: int, tile: Tile) -> Algorithm:
    """By what the columns of the tile are, and by how many tiles there are."""
    outputs, inputs, _, taps = weights.shape
    if tile.columns != taps or taps <= 2:
        return "direct_channels"
    tiles = groups * -(-(outputs // groups) // tile.rows) * inputs
    return "direct_taps_by_group" if tiles < FEW_TILES else "direct_taps"


def is_depthwise(window: Window, groups: int, weights: Value, target: CpuTarget) -> bool:
    """Whether every channel is summed by itself, over a window without gaps whose taps fit into registers."""
    taps = window.kernel[0] * window.kernel[1]
    dense = window.dilation == (1, 1)
    return dense and weights.shape[:2] == (groups, 1) and 1 < taps <= target.registers - BESIDE_TAPS


def is_pointwise(window: Window) -> bool:
    """Whether every output sees one position, and a position of the input, not of a padding."""
    return window.kernel == (1, 1) and window.before == (0, 0) and max(window.after) <= 0

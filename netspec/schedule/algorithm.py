"""The algorithm and the tile of each launch: a function of shapes and the target alone, by a model of their costs."""

from __future__ import annotations

from dataclasses import dataclass

from netspec.diagnostics.failure import CompilerBug
from netspec.ir import operations as ops
from netspec.ir.graph import Node
from netspec.ir.program import Algorithm, Tile
from netspec.ir.target import Target
from netspec.schedule import winograd, winograd_weights
from netspec.schedule.direct import direct_algorithm
from netspec.schedule.tiles import choose_tile, step_slots

CLEARLY = 1.15
"""How many times as costly the direct sum must be for Winograd's algorithm to be chosen."""

LANE_SUM_SLOTS = 20
"""to add the lanes of a sum, in the slots of `tiles.py`; measured"""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a launch is done."""

    tile: Tile
    algorithm: Algorithm = "direct"


def choose_plan(node: Node, target: Target, groups: int) -> Plan:
    """The plan of a node's launch; `groups` are lane groups of a batch."""
    direct = Plan(choose_tile(node, target, groups), direct_algorithm(node, target))
    if target.exact:
        return direct
    if winograd.applies(node.operation):
        layer = sliding_sum(node)
        tile = winograd.choose_tile(layer, target, groups)
        gains = direct_slots(node, direct.tile, groups) > CLEARLY * winograd.slots(layer, tile, groups)
        return Plan(tile, "winograd") if gains else direct
    if winograd_weights.applies(node.operation):
        layer = winograd_weights.layer_of(node)
        tile = winograd_weights.choose_tile(layer, target, groups)
        cost = winograd_weights.slots(layer, tile, target, groups)
        gains = direct_weight_slots(node, direct.tile, groups) > CLEARLY * cost
        return Plan(tile, "winograd") if gains else direct
    return direct


def sliding_sum(node: Node) -> winograd.Layer:
    """The sizes of the sum that a convolution or its input gradient is, seen as a convolution."""
    k, c, taps, _ = node.inputs[1].shape
    _, height, width = node.outputs[0].shape
    match node.operation:
        case ops.Convolution():
            return winograd.Layer(c, k, height, width, taps)
        case ops.ConvolutionInputGradient():
            return winograd.Layer(k, c, height, width, taps)
        case _:
            raise CompilerBug(f"{type(node.operation).__name__} is no sum over a window")


def direct_slots(node: Node, tile: Tile, groups: int) -> float:
    """Cost for all groups of the sum done as it is defined, which leaves out rows of the padding."""
    layer = sliding_sum(node)
    blocks, steps = -(-layer.outputs // tile.rows), -(-layer.width // tile.columns)
    products = layer.inputs * layer.taps * _real_rows(node)
    return groups * blocks * steps * products * step_slots(tile.rows, tile.columns)


def direct_weight_slots(node: Node, tile: Tile, groups: int) -> float:
    """Cost for all groups of the weight gradient done as it is defined."""
    layer = winograd_weights.layer_of(node)
    rows, blocks = _real_rows(node), -(-layer.outputs // tile.rows)
    products = groups * blocks * layer.inputs * rows * layer.width * step_slots(tile.rows, tile.columns)
    return products + layer.outputs * layer.inputs * layer.taps**2 * LANE_SUM_SLOTS


def _real_rows(node: Node) -> int:
    """How often a row of the kernel meets a row that is not padding; the same forward and backward."""
    match node.operation:
        case ops.Convolution(window):
            (_, size, _), (_, outputs, _) = node.inputs[0].shape, node.outputs[0].shape
        case ops.ConvolutionInputGradient(window):
            (_, outputs, _), (_, size, _) = node.inputs[0].shape, node.outputs[0].shape
        case ops.ConvolutionWeightGradient(window):
            (_, size, _), (_, outputs, _) = (value.shape for value in node.inputs)
        case _:
            raise CompilerBug(f"{type(node.operation).__name__} has no kernel rows")
    positions = (y - window.before[0] + i for y in range(outputs) for i in range(window.kernel[0]))
    return sum(0 <= position < size for position in positions)

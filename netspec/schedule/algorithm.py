"""The algorithm and the tile of each launch: a function of shapes and the target alone, by a model of their costs."""

from __future__ import annotations

from dataclasses import dataclass

from netspec.diagnostics.failure import CompilerBug
from netspec.ir import operations as ops
from netspec.ir.graph import Node
from netspec.ir.program import Algorithm, Tile
from netspec.ir.target import Target
from netspec.schedule import winograd
from netspec.schedule.direct import direct_algorithm
from netspec.schedule.tiles import choose_tile, step_slots

CLEARLY = 1.15
"""How many times as costly the direct sum must be for Winograd's algorithm to be chosen."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a launch is done."""

    tile: Tile
    algorithm: Algorithm = "direct"


def choose_plan(node: Node, target: Target, groups: int) -> Plan:
    """The plan of a node's launch; `groups` are lane groups of a batch."""
    tile = choose_tile(node, target, groups)
    if target.exact or not winograd.applies(node.operation):
        return Plan(tile, direct_algorithm(node.operation))
    layer = sliding_sum(node)
    candidate = winograd.choose_tile(layer, target, groups)
    gains = direct_slots(node, tile, groups) > CLEARLY * winograd.slots(layer, candidate, groups)
    return Plan(candidate, "winograd") if gains else Plan(tile)


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


def _real_rows(node: Node) -> int:
    """How often a row of the kernel meets a row that is not padding; the same forward and backward."""
    (_, size, _), (_, outputs, _) = node.inputs[0].shape, node.outputs[0].shape
    if isinstance(node.operation, ops.ConvolutionInputGradient):
        size, outputs = outputs, size
    assert isinstance(node.operation, ops.Convolution | ops.ConvolutionInputGradient)
    window = node.operation.window
    positions = (y - window.before[0] + i for y in range(outputs) for i in range(window.kernel[0]))
    return sum(0 <= position < size for position in positions)

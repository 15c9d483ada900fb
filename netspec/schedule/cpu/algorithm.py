"""Choice of algorithm and tile for each launch: a function of shapes and the target alone, by a cost model."""

from __future__ import annotations

from dataclasses import dataclass

from netspec.diagnostics.failure import CompilerBug
from netspec.ir import operations as ops
from netspec.ir.graph import Node
from netspec.ir.operations import Window
from netspec.schedule.cpu import winograd, winograd_weights
from netspec.schedule.cpu.direct import direct_algorithm
from netspec.schedule.cpu.tiles import SlidingRow, choose_tile, step_cost
from netspec.targets.cpu.processor import CpuTarget
from netspec.targets.cpu.program import Algorithm, Tile


@dataclass(frozen=True, slots=True)
class Plan:
    """Tile and algorithm of a launch."""

    tile: Tile
    algorithm: Algorithm = "direct"


def choose_plan(node: Node, target: CpuTarget, lane_groups: int) -> Plan:
    """The plan of a node's launch; `groups` is the number of lane groups of a batch."""
    direct = _direct_plan(node, target, lane_groups)
    if target.exact:
        return direct
    if winograd.applies(node.operation):
        layer = sliding_sum(node)
        tile = winograd.choose_tile(layer, target, lane_groups)
        cost = winograd.total_cost(layer, tile, target, lane_groups)
        gains = direct_cost(node, direct.tile, lane_groups) > target.costs.clearly * cost
        return Plan(tile, winograd.algorithm(layer, target, lane_groups)) if gains else direct
    if winograd_weights.applies(node.operation):
        layer = winograd_weights.layer_of(node)
        tile = winograd_weights.choose_tile(layer, target, lane_groups)
        cost = winograd_weights.total_cost(layer, tile, target, lane_groups)
        gains = direct_weight_cost(node, direct.tile, target, lane_groups) > target.costs.clearly * cost
        return Plan(tile, "winograd") if gains else direct
    return direct


def _direct_plan(node: Node, target: CpuTarget, lane_groups: int) -> Plan:
    tile = choose_tile(node, target, lane_groups)
    return Plan(tile, direct_algorithm(node, tile, target))


def sliding_sum(node: Node) -> winograd.Layer:
    """Sizes of a convolution, or of an input gradient as the convolution that it is."""
    k, c, taps, _ = node.inputs[1].shape
    _, height, width = node.outputs[0].shape
    match node.operation:
        case ops.Convolution():
            return winograd.Layer(c, k, height, width, taps)
        case ops.ConvolutionInputGradient():
            return winograd.Layer(k, c, height, width, taps)
        case _:
            raise CompilerBug(f"{type(node.operation).__name__} is no sum over a window")


def direct_cost(node: Node, tile: Tile, lane_groups: int) -> float:
    """Cost of the direct sum for all groups. It skips taps in the padding."""
    layer, (_, size, results) = sliding_sum(node), _sliding_axis(node, 1)
    row = SlidingRow(results, size, layer.taps, before=_before(node, 1))
    return lane_groups * -(-layer.outputs // tile.rows) * layer.inputs * _real_taps(node, 0) * row.cost(tile)


def direct_weight_cost(node: Node, tile: Tile, target: CpuTarget, lane_groups: int) -> float:
    """Cost of the direct weight gradient for all groups."""
    layer = winograd_weights.layer_of(node)
    rows, blocks = _real_taps(node, 0), -(-layer.outputs // tile.rows)
    products = lane_groups * blocks * layer.inputs * rows * layer.width * step_cost(tile.rows, tile.columns)
    return products + layer.outputs * layer.inputs * layer.taps**2 * target.costs.lane_sum


def _sliding_axis(node: Node, axis: int) -> tuple[Window, int, int]:
    """(window, input size, output size) along an axis, of a convolution or one of its gradients."""
    shapes = [value.shape[1 + axis] for value in (*node.inputs, *node.outputs) if value.batched]
    match node.operation:
        case ops.Convolution(window) | ops.ConvolutionInputGradient(window):
            return window, shapes[0], shapes[-1]
        case ops.ConvolutionWeightGradient(window):
            return window, shapes[0], shapes[1]
        case _:
            raise CompilerBug(f"{type(node.operation).__name__} has no window")


def _before(node: Node, axis: int) -> int:
    """Padding before the first position, for stride 1; of an input gradient, that of the flipped window."""
    window, _, _ = _sliding_axis(node, axis)
    flipped = isinstance(node.operation, ops.ConvolutionInputGradient)
    return window.kernel[axis] - 1 - window.before[axis] if flipped else window.before[axis]


def _real_taps(node: Node, axis: int) -> int:
    """Number of pairs of output position and tap along an axis whose input is no padding."""
    window, size, results = _sliding_axis(node, axis)
    before = _before(node, axis)
    return sum(0 <= y - before + i < size for y in range(results) for i in range(window.kernel[axis]))

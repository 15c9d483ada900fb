"""Choice of algorithm and tile for each launch: a function of shapes and the target alone, by a cost model."""

from __future__ import annotations

from dataclasses import dataclass

from netspec.diagnostics.failure import CompilerBug
from netspec.ir import operations as ops
from netspec.ir.graph import Node
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
    layer, rows, row = sliding_sum(node), _slid(node, 0).real_taps, _slid(node, 1)
    return lane_groups * -(-layer.outputs // tile.rows) * layer.inputs * rows * row.cost(tile)


def direct_weight_cost(node: Node, tile: Tile, target: CpuTarget, lane_groups: int) -> float:
    """Cost of the direct weight gradient for all groups."""
    layer = winograd_weights.layer_of(node)
    rows, blocks = _slid(node, 0).real_taps, -(-layer.outputs // tile.rows)
    products = lane_groups * blocks * layer.inputs * rows * layer.width * step_cost(tile.rows, tile.columns)
    return products + layer.outputs * layer.inputs * layer.taps**2 * target.costs.lane_sum


def _slid(node: Node, axis: int) -> SlidingRow:
    """What a window of stride 1 slides over along an axis, of a convolution or one of its gradients; the window of an
    input gradient is flipped."""
    sizes = [value.shape[1 + axis] for value in (*node.inputs, *node.outputs) if value.batched]
    match node.operation:
        case ops.Convolution(window) | ops.ConvolutionWeightGradient(window):
            before = window.before[axis]
        case ops.ConvolutionInputGradient(window):
            before = window.kernel[axis] - 1 - window.before[axis]
        case _:
            raise CompilerBug(f"{type(node.operation).__name__} has no window")
    return SlidingRow(sizes[-1], sizes[0], window.kernel[axis], before=before)

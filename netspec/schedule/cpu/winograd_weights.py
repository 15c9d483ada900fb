"""The planning of the weight gradient by Winograd's algorithm: where it applies, its register tile, cost, scratch."""

from __future__ import annotations

from netspec.ir import operations as ops
from netspec.ir.graph import Node
from netspec.ir.memory import FLOAT_BYTES
from netspec.schedule.cpu import tiles
from netspec.schedule.cpu.winograd import Layer, by_taps, has_window
from netspec.targets.cpu.processor import CpuTarget
from netspec.targets.cpu.program import Tile
from netspec.targets.cpu.winograd_tiles import PRODUCTS
from netspec.targets.cpu.winograd_weight_blocks import WeightBlocks, weight_blocks


def applies(operation: ops.Operation) -> bool:
    """Whether an operation is a weight gradient that the algorithm supports."""
    return isinstance(operation, ops.ConvolutionWeightGradient) and has_window(operation.window, operation.groups)


def layer_of(node: Node) -> Layer:
    """The sizes of the convolution that a weight gradient belongs to."""
    k, c, taps, _ = node.outputs[0].shape
    _, height, width = node.inputs[1].shape
    return Layer(c, k, height, width, taps)


def choose_tile(layer: Layer, target: CpuTarget, lane_groups: int) -> Tile:
    """Rows are output channels, columns vectors of input channels."""
    vectors = -(-layer.inputs // target.lanes)
    candidates = [tile for tile in tiles.fitting_tiles(target, layer.outputs) if tile.columns <= vectors]
    return min(candidates, key=lambda tile: (product_cost(layer, tile, target, lane_groups), -tile.rows * tile.columns))


def total_cost(layer: Layer, tile: Tile, target: CpuTarget, lane_groups: int) -> float:
    """Cost for all lane groups: products, transforms of all blocks, and the gradient transform of each part."""
    costs = target.costs
    cotangent = costs.winograd_weights_cotangent_3x3, costs.winograd_weights_cotangent_5x5
    each = costs.winograd_weights_input, *cotangent, costs.winograd_weights_kernel
    transformed = zip(transforms(layer, tile, target, lane_groups), each, strict=True)
    return product_cost(layer, tile, target, lane_groups) + sum(count * cost for count, cost in transformed)


def transforms(layer: Layer, tile: Tile, target: CpuTarget, lane_groups: int) -> tuple[int, int, int, int]:
    """Counts of input transforms, of cotangent transforms (for 3x3, for 5x5 filters), and of gradient transforms."""
    cut, input_tiles = blocks(layer, tile, target, lane_groups), layer.input_tiles * lane_groups
    inputs = input_tiles * layer.inputs * cut.output_blocks
    cotangents = input_tiles * layer.outputs * cut.input_blocks
    return inputs, *by_taps(layer, cotangents), cut.parts * layer.outputs * layer.inputs


def product_cost(layer: Layer, tile: Tile, target: CpuTarget, lane_groups: int) -> int:
    """Of the products: every lane of every input tile is a step of a register tile."""
    high, across = -(-layer.outputs // tile.rows), -(-layer.inputs // (tile.columns * target.lanes))
    steps = layer.input_tiles * lane_groups * target.lanes
    return PRODUCTS * high * across * steps * tiles.step_cost(tile.rows, tile.columns)


def blocks(layer: Layer, tile: Tile, target: CpuTarget, lane_groups: int) -> WeightBlocks:
    """The division into units of work."""
    return weight_blocks(layer.outputs, layer.inputs, layer.input_tiles * lane_groups, layer.side, tile, target.lanes)


def part_bytes(layer: Layer, tile: Tile, target: CpuTarget, lane_groups: int) -> int:
    """The gradients of all parts, if there are several."""
    parts = blocks(layer, tile, target, lane_groups).parts
    return FLOAT_BYTES * parts * layer.outputs * layer.inputs * layer.taps**2 if parts > 1 else 0


def unit_bytes(layer: Layer, tile: Tile, target: CpuTarget, lane_groups: int) -> int:
    """A thread's scratch for a unit of work."""
    return FLOAT_BYTES * blocks(layer, tile, target, lane_groups).thread_floats

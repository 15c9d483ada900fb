"""The planning of Winograd's convolution: where it applies, its register tile, its cost, its scratch.

Of 6x6 input tiles it makes output tiles of 4x4 with a 3x3 filter, or of 2x2 with a 5x5 filter, for any padding.
"""

from __future__ import annotations

from dataclasses import dataclass

from netspec.ir import operations as ops
from netspec.ir.memory import FLOAT_BYTES
from netspec.schedule.cpu import tiles
from netspec.targets.cpu.batched_winograd import BatchedWinograd
from netspec.targets.cpu.packed_filters import PackedFilters
from netspec.targets.cpu.processor import CpuTarget
from netspec.targets.cpu.program import Algorithm, Tile
from netspec.targets.cpu.winograd_tiles import INPUT_TILE, PRODUCTS

WIDEST = 4
"""Most columns of a register tile: wider strips are no faster, leave the cache sooner, and each is compiled."""
MOST_BATCHED = 8
"""Most input tiles of a batch for the batched algorithm: each thread has all of them, of every input channel."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A sum over a window of taps x taps, stride 1: its channels and the size of its outputs."""

    inputs: int
    outputs: int
    height: int
    width: int
    taps: int

    @property
    def side(self) -> int:
        """Rows and columns of an output tile."""
        return INPUT_TILE - self.taps + 1

    @property
    def input_tiles(self) -> int:
        """Input tiles of an image."""
        return -(-self.height // self.side) * -(-self.width // self.side)


def applies(operation: ops.Operation) -> bool:
    """Whether an operation is a sum that the algorithm supports."""
    match operation:
        case ops.Convolution(window, channel_groups) | ops.ConvolutionInputGradient(window, channel_groups):
            return has_window(window, channel_groups)
        case _:
            return False


def has_window(window: ops.Window, channel_groups: int) -> bool:
    """Whether the algorithm supports a window: 3x3 or 5x5, without stride or dilation, over all channels."""
    return window.kernel in ((3, 3), (5, 5)) and window.stride == window.dilation == (1, 1) and channel_groups == 1


def choose_tile(layer: Layer, target: CpuTarget, lane_groups: int) -> Tile:
    """Rows are output channels, columns neighbouring input tiles. The filter transform has an output channel in each
    lane, so there are no more rows than lanes."""
    fitting = tiles.fitting_tiles(target, min(layer.outputs, target.lanes))
    candidates = [tile for tile in fitting if tile.columns <= min(WIDEST, layer.input_tiles * lane_groups)]
    return min(candidates, key=lambda tile: (product_cost(layer, tile, lane_groups), -tile.rows * tile.columns))


def product_cost(layer: Layer, tile: Tile, lane_groups: int) -> int:
    """Of the products for all lane groups. The count of strips is rounded up to an even one: two threads or more share
    the input tiles."""
    blocks, strips = -(-layer.outputs // tile.rows), 2 * -(-layer.input_tiles * lane_groups // (2 * tile.columns))
    return PRODUCTS * strips * blocks * layer.inputs * tiles.step_cost(tile.rows, tile.columns)


def total_cost(layer: Layer, tile: Tile, target: CpuTarget, lane_groups: int) -> float:
    """Cost for all lane groups: products, input and output transforms of every tile, filter transforms."""
    costs = target.costs
    output = costs.winograd_output_3x3, costs.winograd_output_5x5
    each = costs.winograd_input, *output, costs.winograd_kernels
    transformed = zip(transforms(layer, tile, lane_groups), each, strict=True)
    return product_cost(layer, tile, lane_groups) + sum(count * cost for count, cost in transformed)


def transforms(layer: Layer, tile: Tile, lane_groups: int) -> tuple[int, int, int, int]:
    """Counts of input transforms, of output transforms (for 3x3, for 5x5 filters), and of filter transforms of a block
    of output channels."""
    input_tiles = layer.input_tiles * lane_groups
    filters = -(-layer.outputs // tile.rows) * layer.inputs
    return input_tiles * layer.inputs, *by_taps(layer, input_tiles * layer.outputs), filters


def by_taps(layer: Layer, count: int) -> tuple[int, int]:
    """A count as one of layers with 3x3 filters, and as one of those with 5x5 filters."""
    return (count, 0) if layer.taps == 3 else (0, count)


def algorithm(layer: Layer, target: CpuTarget, lane_groups: int) -> Algorithm:
    """Batched where input tiles are so few, and filters so many, that transformed filters would leave the second
    cache."""
    few = layer.input_tiles * lane_groups <= MOST_BATCHED
    return "winograd_batched" if few and _filter_bytes(layer) > target.l2_bytes else "winograd"


def _filter_bytes(layer: Layer) -> int:
    """Of transformed filters, without the vectors that separate them."""
    return FLOAT_BYTES * PRODUCTS * layer.outputs * layer.inputs


def weight_bytes(layer: Layer, tile: Tile, target: CpuTarget) -> int:
    """Transformed filters, which threads share."""
    return FLOAT_BYTES * PackedFilters(layer.outputs, layer.inputs, tile.rows, target.lanes).floats


def batched_bytes(layer: Layer, tile: Tile, target: CpuTarget, lane_groups: int) -> int:
    """A thread's scratch for all input tiles of a batch."""
    form = BatchedWinograd(layer.outputs, layer.inputs, layer.input_tiles * lane_groups, tile, target.lanes)
    return FLOAT_BYTES * form.floats


def strip_bytes(layer: Layer, tile: Tile, target: CpuTarget) -> int:
    """A thread's scratch: the transformed inputs and the products of a strip of tiles, and one more tile, or a
    filter."""
    channels = layer.inputs + tiles.whole(layer.outputs, tile.rows)
    strip = PRODUCTS * (channels * tile.columns + 2) + PRODUCTS
    kernels = layer.taps * layer.taps
    return FLOAT_BYTES * target.lanes * max(strip, kernels)

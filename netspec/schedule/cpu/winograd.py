"""Winograd's convolution as far as planning cares: where it applies, its tile, its cost, its scratch.

It takes patches of 6x6 inputs to 4x4 outputs of a 3x3 kernel or 2x2 of a 5x5 kernel, whatever the padding.
"""

from __future__ import annotations

from dataclasses import dataclass

from netspec.ir import operations as ops
from netspec.ir.memory import FLOAT_BYTES
from netspec.schedule.cpu import tiles
from netspec.targets.cpu.packed_kernels import PackedKernels
from netspec.targets.cpu.patches import PATCH, PRODUCTS
from netspec.targets.cpu.patches_at_once import PatchesAtOnce
from netspec.targets.cpu.processor import CpuTarget
from netspec.targets.cpu.program import Algorithm, Tile

WIDEST = 4
"""Columns of a tile at most: wider strips are no faster, leave the cache sooner, and each tile must be compiled."""
MOST_BATCHED = 8
"""Patches of a batch that are taken at once at most: each thread has all of them, of every input channel."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A sum over a window of taps x taps, stride 1: input channels, and what comes out."""

    inputs: int
    outputs: int
    height: int
    width: int
    taps: int

    @property
    def side(self) -> int:
        """A patch gives side x side outputs."""
        return PATCH - self.taps + 1

    @property
    def patches(self) -> int:
        """Patches of an image."""
        return -(-self.height // self.side) * -(-self.width // self.side)


def applies(operation: ops.Operation) -> bool:
    """Whether an operation is a sum that the algorithm can do."""
    match operation:
        case ops.Convolution(window, channel_groups) | ops.ConvolutionInputGradient(window, channel_groups):
            return has_window(window, channel_groups)
        case _:
            return False


def has_window(window: ops.Window, channel_groups: int) -> bool:
    """Whether patches can do a window: 3x3 or 5x5, side by side, over all channels."""
    return window.kernel in ((3, 3), (5, 5)) and window.stride == window.dilation == (1, 1) and channel_groups == 1


def choose_tile(layer: Layer, target: CpuTarget, lane_groups: int) -> Tile:
    """Rows are output channels, columns neighbouring patches. Kernels are transformed a lane an output channel, so
    there are no more rows than lanes."""
    fitting = tiles.fitting_tiles(target, min(layer.outputs, target.lanes))
    candidates = [tile for tile in fitting if tile.columns <= min(WIDEST, layer.patches * lane_groups)]
    return min(candidates, key=lambda tile: (product_cost(layer, tile, lane_groups), -tile.rows * tile.columns))


def product_cost(layer: Layer, tile: Tile, lane_groups: int) -> int:
    """Of all lane groups; two threads or more share the patches, and none has half a strip for nothing."""
    blocks, strips = -(-layer.outputs // tile.rows), 2 * -(-layer.patches * lane_groups // (2 * tile.columns))
    return PRODUCTS * strips * blocks * layer.inputs * tiles.step_cost(tile.rows, tile.columns)


def total_cost(layer: Layer, tile: Tile, target: CpuTarget, lane_groups: int) -> float:
    """Cost for all lane groups: products, both transforms of every patch, and those of the kernels."""
    costs = target.costs
    output = costs.winograd_output_3x3, costs.winograd_output_5x5
    each = costs.winograd_input, *output, costs.winograd_kernels
    transformed = zip(transforms(layer, tile, lane_groups), each, strict=True)
    return product_cost(layer, tile, lane_groups) + sum(count * cost for count, cost in transformed)


def transforms(layer: Layer, tile: Tile, lane_groups: int) -> tuple[int, int, int, int]:
    """How often the inputs of a patch are transformed, its outputs brought back (of 3x3, of 5x5 kernels), and kernels
    of a block of output channels transformed."""
    patches = layer.patches * lane_groups
    kernels = -(-layer.outputs // tile.rows) * layer.inputs
    return patches * layer.inputs, *by_taps(layer, patches * layer.outputs), kernels


def by_taps(layer: Layer, count: int) -> tuple[int, int]:
    """A count as one of layers with 3x3 kernels, and as one of those with 5x5 kernels."""
    return (count, 0) if layer.taps == 3 else (0, count)


def algorithm(layer: Layer, target: CpuTarget, lane_groups: int) -> Algorithm:
    """All patches of a batch at once where they are so few, and kernels so many, that transformed these would leave the
    second cache."""
    few = layer.patches * lane_groups <= MOST_BATCHED
    return "winograd_batched" if few and _kernel_bytes(layer) > target.l2_bytes else "winograd"


def _kernel_bytes(layer: Layer) -> int:
    """Of transformed kernels, without what parts them."""
    return FLOAT_BYTES * PRODUCTS * layer.outputs * layer.inputs


def weight_bytes(layer: Layer, tile: Tile, target: CpuTarget) -> int:
    """Transformed kernels, where threads share them."""
    return FLOAT_BYTES * PackedKernels(layer.outputs, layer.inputs, tile.rows, target.lanes).floats


def batched_bytes(layer: Layer, tile: Tile, target: CpuTarget, lane_groups: int) -> int:
    """What a thread needs for all patches of a batch at once."""
    form = PatchesAtOnce(layer.outputs, layer.inputs, layer.patches * lane_groups, tile, target.lanes)
    return FLOAT_BYTES * form.floats


def strip_bytes(layer: Layer, tile: Tile, target: CpuTarget) -> int:
    """What a thread needs: the transformed inputs and the products of a strip of patches, and a patch to spare, or a
    kernel."""
    channels = layer.inputs + _whole(layer.outputs, tile.rows)
    strip = PRODUCTS * (channels * tile.columns + 2) + PRODUCTS
    kernels = layer.taps * layer.taps
    return FLOAT_BYTES * target.lanes * max(strip, kernels)


def _whole(outputs: int, rows: int) -> int:
    return -(-outputs // rows) * rows

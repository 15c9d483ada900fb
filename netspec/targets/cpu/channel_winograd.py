"""Sizes of Winograd's convolution whose lanes hold channels: input tiles of 6x6, each 36 numbers a channel.

The 36 numbers of all input tiles are a map (C, 36, tiles); its sums over channels are another, (K, 36, tiles), whose
rows have weights of their own: the transformed filters. A plane, one number of all tiles, has a vector more than tiles,
so that the numbers of a tile fall into different sets of the cache.
"""

from __future__ import annotations

from dataclasses import dataclass

from netspec.ir import operations as ops
from netspec.ir.graph import Node
from netspec.ir.operations import Pair
from netspec.targets.cpu.channel_weights import PackedSum, packed_sum
from netspec.targets.cpu.channels import Sliding, as_map, sliding, vectors
from netspec.targets.cpu.program import Algorithm, Tile
from netspec.targets.cpu.winograd_tiles import INPUT_TILE, PRODUCTS


@dataclass(frozen=True, slots=True)
class PackedWinograd:
    """`sums` are over the numbers of input tiles; the layer's biases, `[vector][lanes]`, follow its packed weights and
    zero biases. An output tile has `side` x `side` outputs."""

    sums: PackedSum
    input_tiles: Pair
    side: int

    @property
    def plane_floats(self) -> int:
        """From one of the 36 numbers to the next."""
        return (self.input_tiles[0] * self.input_tiles[1] + 1) * self.sums.lanes

    @property
    def vector_floats(self) -> int:
        """From one vector of channels to the next."""
        return PRODUCTS * self.plane_floats

    @property
    def data_floats(self) -> int:
        """The transformed input tiles of one image."""
        return vectors(self.sums.shape.x[0], self.sums.lanes) * self.vector_floats

    @property
    def product_floats(self) -> int:
        """Their sums."""
        return self.sums.blocks * self.sums.columns * self.vector_floats

    @property
    def scratch_floats(self) -> int:
        """Both, of one image."""
        return self.data_floats + self.product_floats

    @property
    def output_tile_floats(self) -> int:
        """An output tile of a vector of channels, in a thread's scratch."""
        return self.side * self.side * self.sums.lanes

    @property
    def floats(self) -> int:
        """All packed weights and biases."""
        return self.sums.floats + vectors(self.sums.shape.y[0], self.sums.lanes) * self.sums.lanes


def applies(node: Node) -> bool:
    """Whether a node is a convolution that the algorithm supports."""
    match node.operation:
        case ops.Convolution(window, channel_groups):
            square = window.kernel in ((3, 3), (5, 5))
            return square and window.stride == window.dilation == (1, 1) and channel_groups == 1
        case _:
            return False


def packed_winograd(node: Node, tile: Tile, lanes: int) -> PackedWinograd:
    """The sizes of a convolution by this algorithm; x has `lanes` channels a vector."""
    assert isinstance(node.operation, ops.Convolution)
    (channels, _, _), (outputs, height, width) = node.inputs[0].shape, node.outputs[0].shape
    side = INPUT_TILE - node.operation.window.kernel[0] + 1
    input_tiles = -(-height // side), -(-width // side)
    count = input_tiles[0] * input_tiles[1]
    shape = Sliding((channels, PRODUCTS, count), (outputs, PRODUCTS, count), (1, 1))
    return PackedWinograd(PackedSum(shape, "rows", lanes, lanes, tile.columns), input_tiles, side)


def packed_floats(node: Node, tile: Tile, algorithm: Algorithm, vector_channels: int, lanes: int) -> int:
    """Numbers of the packed weights of a node, by its algorithm; 0 for a node without weights."""
    match node.operation:
        case ops.Convolution() if algorithm == "winograd":
            return packed_winograd(node, tile, lanes).floats
        case ops.Convolution() if sliding(node).depthwise:
            taps = node.operation.window.kernel
            return vectors(node.outputs[0].shape[0], lanes) * lanes * (taps[0] * taps[1] + 1)
        case ops.Convolution() | ops.Deconvolution() | ops.Local() | ops.Dense():
            return packed_sum(node, tile, vector_channels, lanes).floats
        case ops.BatchNorm():
            return 4 * vectors(as_map(node.outputs[0].shape)[0], lanes) * lanes
        case _:
            return 0

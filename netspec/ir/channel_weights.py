"""How weights lie that prediction has packed for lanes that hold output channels.

A sum over windows: `[block of outputs][vector of inputs][i][j][input][columns of the tile][lanes]`, then the biases,
`[block][columns][lanes]`; a Local layer has both for each output pixel. A depthwise one: `[vector][i][j][lanes]`, then
biases `[vector][lanes]`. A BatchNorm: scale, shift, mean and variance, `[vector][lanes]` each. Lanes without a channel
hold zeros.
"""

from __future__ import annotations

from dataclasses import dataclass

from netspec.ir import operations as ops
from netspec.ir.channels import Sliding, as_map, sliding, vectors
from netspec.ir.graph import Node
from netspec.ir.program import Tile


@dataclass(frozen=True, slots=True)
class PackedSum:
    """The packed weights of a sum over windows. `abreast` channels of x lie in a vector; `untied` for Local layers."""

    shape: Sliding
    untied: bool
    abreast: int
    lanes: int
    columns: int

    @property
    def width(self) -> int:
        """Output channels of a block."""
        return self.columns * self.lanes

    @property
    def blocks(self) -> int:
        return -(-self.shape.y[0] // self.width)

    @property
    def positions(self) -> int:
        """Output pixels with weights of their own."""
        return self.shape.y[1] * self.shape.y[2] if self.untied else 1

    def inputs(self, block: int) -> tuple[int, int]:
        """The vectors of inputs, begin … end, that a block sees."""
        return self.shape.inputs(block * self.width, (block + 1) * self.width, self.abreast)

    def channels(self, block: int) -> tuple[int, int]:
        """The input channels, begin … end, that a block sees."""
        begin, end = self.inputs(block)
        return begin * self.abreast, min(end * self.abreast, self.shape.x[0])

    @property
    def block_floats(self) -> int:
        """Numbers from one block's weights to the next's."""
        most = max(end - begin for begin, end in map(self.channels, range(self.blocks)))
        return most * self.shape.taps[0] * self.shape.taps[1] * self.width

    @property
    def position_floats(self) -> int:
        """Numbers from the weights of one output pixel to the next's."""
        return self.blocks * self.block_floats

    @property
    def floats(self) -> int:
        """All weights and biases."""
        return self.positions * (self.position_floats + self.blocks * self.width)


def packed_sum(node: Node, tile: Tile, abreast: int, lanes: int) -> PackedSum:
    """The packed weights of a node that sums over windows."""
    return PackedSum(sliding(node), isinstance(node.operation, ops.Local), abreast, lanes, tile.columns)


def packed_floats(node: Node, tile: Tile, abreast: int, lanes: int) -> int:
    """Numbers of the packed weights of a node, 0 where it has none."""
    match node.operation:
        case ops.Convolution() if sliding(node).depthwise:
            taps = node.operation.window.kernel
            return vectors(node.outputs[0].shape[0], lanes) * lanes * (taps[0] * taps[1] + 1)
        case ops.Convolution() | ops.Deconvolution() | ops.Local() | ops.Dense():
            return packed_sum(node, tile, abreast, lanes).floats
        case ops.BatchNorm():
            return 4 * vectors(as_map(node.outputs[0].shape)[0], lanes) * lanes
        case _:
            return 0

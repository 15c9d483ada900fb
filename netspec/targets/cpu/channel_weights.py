"""Layout of weights packed for prediction, with output channels in lanes.

A window sum: `[block of outputs][vector of inputs][i][j][input][columns of the tile][lanes]`, then the biases,
`[block][columns][lanes]`; a Local layer has both for each output pixel. A depthwise one: `[vector][i][j][lanes]`, then
biases `[vector][lanes]`. A BatchNorm: scale, shift, mean and variance, `[vector][lanes]` each. Lanes without a channel
hold zeros.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from netspec.ir import operations as ops
from netspec.ir.graph import Node
from netspec.targets.cpu.channels import Sliding, sliding
from netspec.targets.cpu.program import Tile


@dataclass(frozen=True, slots=True)
class PackedSum:
    """Packed weights of a window sum.

    A vector of x holds `vector_channels` channels. A Local layer has weights for each output pixel; a product of
    Winograd tiles has a set for each number of a tile, in place of output rows.
    """

    shape: Sliding
    untied: Literal["nothing", "rows", "pixels"]
    vector_channels: int
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
        """Number of sets of weights, in the order of output rows and pixels."""
        _, height, width = self.shape.y
        return {"nothing": 1, "rows": height, "pixels": height * width}[self.untied]

    def steps(self, floats: int) -> tuple[int, int]:
        """Strides of sets of `floats` numbers: from one output row to the next, and from one pixel to the next."""
        width = self.shape.y[2]
        return {"nothing": (0, 0), "rows": (floats, 0), "pixels": (width * floats, floats)}[self.untied]

    def inputs(self, block: int) -> tuple[int, int]:
        """Vectors of inputs, begin … end, that a block reads."""
        return self.shape.inputs(block * self.width, (block + 1) * self.width, self.vector_channels)

    def channels(self, block: int) -> tuple[int, int]:
        """Input channels, begin … end, that a block reads."""
        begin, end = self.inputs(block)
        return begin * self.vector_channels, min(end * self.vector_channels, self.shape.x[0])

    @property
    def block_floats(self) -> int:
        """Stride of blocks."""
        most = max(end - begin for begin, end in map(self.channels, range(self.blocks)))
        return most * self.shape.taps[0] * self.shape.taps[1] * self.width

    @property
    def position_floats(self) -> int:
        """Stride of output pixels."""
        return self.blocks * self.block_floats

    @property
    def floats(self) -> int:
        """Size of all weights and biases."""
        return self.positions * (self.position_floats + self.blocks * self.width)


def packed_sum(node: Node, tile: Tile, vector_channels: int, lanes: int) -> PackedSum:
    """The packed weights of a node that is a window sum."""
    untied = "pixels" if isinstance(node.operation, ops.Local) else "nothing"
    return PackedSum(sliding(node), untied, vector_channels, lanes, tile.columns)

"""How weights lie that prediction has packed for lanes that hold output channels.

A sum over windows: `[block of outputs][vector of inputs][i][j][input][columns of the tile][lanes]`, then the biases,
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
    """The packed weights of a sum over windows.

    A vector of x holds `vector_channels` channels. A Local layer has weights of its own for each output pixel, a sum
    over the numbers of Winograd's patches for each output row.
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
        """How many sets of weights there are, in the order of output rows and pixels."""
        _, height, width = self.shape.y
        return {"nothing": 1, "rows": height, "pixels": height * width}[self.untied]

    def steps(self, floats: int) -> tuple[int, int]:
        """Numbers from an output row's set to the next one's, and from a pixel's, where a set holds `floats`."""
        width = self.shape.y[2]
        return {"nothing": (0, 0), "rows": (floats, 0), "pixels": (width * floats, floats)}[self.untied]

    def inputs(self, block: int) -> tuple[int, int]:
        """The vectors of inputs, begin … end, that a block sees."""
        return self.shape.inputs(block * self.width, (block + 1) * self.width, self.vector_channels)

    def channels(self, block: int) -> tuple[int, int]:
        """The input channels, begin … end, that a block sees."""
        begin, end = self.inputs(block)
        return begin * self.vector_channels, min(end * self.vector_channels, self.shape.x[0])

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


def packed_sum(node: Node, tile: Tile, vector_channels: int, lanes: int) -> PackedSum:
    """The packed weights of a node that sums over windows."""
    untied = "pixels" if isinstance(node.operation, ops.Local) else "nothing"
    return PackedSum(sliding(node), untied, vector_channels, lanes, tile.columns)

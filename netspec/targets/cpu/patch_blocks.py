"""How the weight gradient by Winograd's algorithm is cut into units of work, and the memory that each needs.

A unit is a block of output channels, a block of input channels and a part of the patches of a batch. It goes through
its patches a chunk at a time. Planning and kernels both read this, so they cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass

from netspec.targets.cpu.patches import PATCH, PRODUCTS
from netspec.targets.cpu.program import Tile

BLOCK = 128
"""Channels of a block at most. Larger blocks transform a patch less often, smaller ones keep their sums nearer."""
LEAST, MOST = 32, 64
"""Lanes of the patches of a chunk, at least and at most: each product's sums are read and written once for so many, and
patches of a chunk share inputs that are turned."""
CHUNK_FLOATS = 96 * 1024
"""of a chunk's transformed inputs and cotangents, where it has more than the fewest lanes: more would leave the second
cache before they are used"""
UNITS = 8
"""A layer of fewer blocks has its patches cut into parts, each with sums of its own, until there are so many units."""


@dataclass(frozen=True, slots=True)
class PatchBlocks:
    """A cut. Channels of a block are whole tiles; a tile's rows are output channels, its columns vectors of inputs."""

    outputs: int
    inputs: int
    output_blocks: int
    input_blocks: int
    chunk: int
    """patches of a chunk"""
    parts: int
    side: int
    """a patch gives side x side outputs"""
    lanes: int

    @property
    def units(self) -> int:
        return self.output_blocks * self.input_blocks * self.parts

    @property
    def sum_plane(self) -> int:
        """float32 numbers of one product's sums; here and below a vector more, or the 36 would share cache sets."""
        return self.outputs * self.inputs + self.lanes

    @property
    def data_plane(self) -> int:
        """float32 numbers of one product of the patches of a chunk."""
        return self.chunk * self.lanes * self.inputs + self.lanes

    @property
    def cotangent_plane(self) -> int:
        """float32 numbers of one product of the cotangents of a chunk."""
        return self.chunk * self.lanes * self.outputs + self.lanes

    @property
    def spare(self) -> int:
        """float32 numbers of a chunk's patches side by side, of a vector of channels: all lanes of a position, and a
        vector more, or positions would share cache sets."""
        return PATCH * (self.side * (self.chunk - 1) + PATCH) * (self.lanes + 1) * self.lanes

    @property
    def thread_floats(self) -> int:
        """float32 numbers that a thread needs for itself."""
        return PRODUCTS * (self.sum_plane + self.data_plane + self.cotangent_plane) + self.spare


def patch_blocks(outputs: int, inputs: int, patches: int, side: int, tile: Tile, lanes: int) -> PatchBlocks:
    """The cut for so many channels and so many patches, of side x side outputs, of all lane groups of a full batch."""
    output_blocks, block_outputs = _equal_blocks(outputs, tile.rows)
    input_blocks, block_inputs = _equal_blocks(inputs, tile.columns * lanes)
    samples = max(LEAST, min(MOST, CHUNK_FLOATS // (PRODUCTS * (block_outputs + block_inputs))))
    chunk = max(1, samples // lanes)
    chunks, blocks = -(-patches // chunk), output_blocks * input_blocks
    parts = max(1, min(chunks, -(-UNITS // blocks)))
    return PatchBlocks(block_outputs, block_inputs, output_blocks, input_blocks, chunk, parts, side, lanes)


def _equal_blocks(channels: int, size: int) -> tuple[int, int]:
    """As few and as equal blocks as can be, and the channels of each: whole tiles of `size`, up to BLOCK channels."""
    tiles = -(-channels // size)
    blocks = -(-tiles // max(1, BLOCK // size))
    return blocks, -(-tiles // blocks) * size

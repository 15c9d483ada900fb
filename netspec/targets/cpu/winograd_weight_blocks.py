"""The units of work of the weight gradient by Winograd's algorithm, and the memory of each.

A unit is a block of output channels, a block of input channels and a part of the input tiles of a batch. It processes
its tiles in chunks. Plans and kernels both read this, so they cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass

from netspec.targets.cpu.program import Tile
from netspec.targets.cpu.winograd_tiles import INPUT_TILE, PRODUCTS

BLOCK = 128
"""Most channels of a block. Larger blocks transform a tile less often, smaller ones keep their sums in a nearer
cache."""
LEAST, MOST = 32, 64
"""Fewest and most lanes of the input tiles of a chunk. A product's sums are read and written once a chunk, and the
tiles of a chunk share transposed inputs."""
CHUNK_FLOATS = 96 * 1024
"""Most numbers of a chunk's transformed inputs and cotangents, unless it has the fewest lanes: more would leave the
second cache before their use."""
UNITS = 8
"""Fewest units. A layer of fewer blocks divides its input tiles into parts, each with sums of its own."""


@dataclass(frozen=True, slots=True)
class WeightBlocks:
    """The division into units. Channels of a block are whole register tiles, whose rows are output channels and whose
    columns are vectors of inputs."""

    outputs: int
    inputs: int
    output_blocks: int
    input_blocks: int
    chunk: int
    """input tiles of a chunk"""
    parts: int
    side: int
    """rows and columns of an output tile"""
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
        """float32 numbers of one product of the input tiles of a chunk."""
        return self.chunk * self.lanes * self.inputs + self.lanes

    @property
    def cotangent_plane(self) -> int:
        """float32 numbers of one product of the cotangents of a chunk."""
        return self.chunk * self.lanes * self.outputs + self.lanes

    @property
    def transposed_floats(self) -> int:
        """float32 numbers of a chunk's neighbouring tiles, of a vector of channels: all lanes of a position, and a
        vector more, or positions would share cache sets."""
        return INPUT_TILE * (self.side * (self.chunk - 1) + INPUT_TILE) * (self.lanes + 1) * self.lanes

    @property
    def thread_floats(self) -> int:
        """float32 numbers of a thread's scratch."""
        return PRODUCTS * (self.sum_plane + self.data_plane + self.cotangent_plane) + self.transposed_floats


def weight_blocks(outputs: int, inputs: int, input_tiles: int, side: int, tile: Tile, lanes: int) -> WeightBlocks:
    """The division for `input_tiles` of side x side outputs, of all lane groups of a full batch."""
    output_blocks, block_outputs = _equal_blocks(outputs, tile.rows)
    input_blocks, block_inputs = _equal_blocks(inputs, tile.columns * lanes)
    samples = max(LEAST, min(MOST, CHUNK_FLOATS // (PRODUCTS * (block_outputs + block_inputs))))
    chunk = max(1, samples // lanes)
    chunks, blocks = -(-input_tiles // chunk), output_blocks * input_blocks
    parts = max(1, min(chunks, -(-UNITS // blocks)))
    return WeightBlocks(block_outputs, block_inputs, output_blocks, input_blocks, chunk, parts, side, lanes)


def _equal_blocks(channels: int, size: int) -> tuple[int, int]:
    """The fewest and most equal blocks, and the channels of each: whole register tiles of `size`, up to BLOCK
    channels."""
    tiles = -(-channels // size)
    blocks = -(-tiles // max(1, BLOCK // size))
    return blocks, -(-tiles // blocks) * size

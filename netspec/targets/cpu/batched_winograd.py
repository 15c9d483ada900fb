"""Winograd's convolution of all input tiles of a batch together: the layout of a thread's scratch.

Plans and kernels both read this, so they cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass

from netspec.targets.cpu.packed_filters import PackedFilters
from netspec.targets.cpu.program import Tile
from netspec.targets.cpu.winograd_tiles import PRODUCTS

CHUNK = 4
"""Blocks of output channels that are transformed at a time."""


@dataclass(frozen=True, slots=True)
class BatchedWinograd:
    """`input_tiles` of all lane groups, of `inputs` channels, multiplied with filters of `outputs` channels."""

    outputs: int
    inputs: int
    input_tiles: int
    tile: Tile
    lanes: int

    @property
    def width(self) -> int:
        """Input tiles side by side, rounded up to whole register tiles."""
        return -(-self.input_tiles // self.tile.columns) * self.tile.columns

    @property
    def filters(self) -> PackedFilters:
        """A chunk of transformed filters."""
        return PackedFilters(min(self.outputs, CHUNK * self.tile.rows), self.inputs, self.tile.rows, self.lanes)

    @property
    def data_plane(self) -> int:
        """float32 numbers of one of the 36 numbers of all input tiles. Here and below a vector more, or the 36 would
        share cache sets."""
        return (self.inputs * self.width + 1) * self.lanes

    @property
    def products_plane(self) -> int:
        """float32 numbers of their sums for a chunk of output channels."""
        return (CHUNK * self.tile.rows * self.width + 1) * self.lanes

    @property
    def floats(self) -> int:
        """float32 numbers of a thread's scratch, with room for one more tile or filter."""
        return PRODUCTS * (self.data_plane + self.products_plane + self.lanes) + self.filters.floats

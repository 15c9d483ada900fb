"""Winograd's convolution of all patches of a batch at once: how they lie in a thread's scratch.

Planning and the engine both read this, so they cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass

from netspec.targets.cpu.packed_kernels import PackedKernels
from netspec.targets.cpu.patches import PRODUCTS
from netspec.targets.cpu.program import Tile

CHUNK = 4
"""Blocks of output channels that are transformed at a time."""


@dataclass(frozen=True, slots=True)
class PatchesAtOnce:
    """`patches` of all lane groups, of `inputs` channels, multiplied with kernels of `outputs`."""

    outputs: int
    inputs: int
    patches: int
    tile: Tile
    lanes: int

    @property
    def width(self) -> int:
        """Patches side by side: whole tiles."""
        return -(-self.patches // self.tile.columns) * self.tile.columns

    @property
    def kernels(self) -> PackedKernels:
        """A chunk of transformed kernels."""
        return PackedKernels(min(self.outputs, CHUNK * self.tile.rows), self.inputs, self.tile.rows, self.lanes)

    @property
    def data_plane(self) -> int:
        """float32 numbers of one of the 36 numbers of all patches; here and below a vector more, or the 36 would share
        cache sets."""
        return (self.inputs * self.width + 1) * self.lanes

    @property
    def products_plane(self) -> int:
        """float32 numbers of their sums for a chunk of output channels."""
        return (CHUNK * self.tile.rows * self.width + 1) * self.lanes

    @property
    def floats(self) -> int:
        """float32 numbers in a thread's scratch, a patch or a kernel to spare among them."""
        return PRODUCTS * (self.data_plane + self.products_plane + self.lanes) + self.kernels.floats

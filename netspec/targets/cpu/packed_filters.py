"""The layout of transformed filters of Winograd's convolution in scratch, which plans and kernels share.

[product][block][input channel][rows]: a block has as many output channels as the tile has rows. A block and a plane of
one product are a vector longer than their content: filters are written a whole vector at a time, and the 36 planes must
not share the sets of a cache.
"""

from __future__ import annotations

from dataclasses import dataclass

from netspec.ir.memory import FLOAT_BYTES, PAGE_BYTES
from netspec.targets.cpu.winograd_tiles import PRODUCTS

PAGE = PAGE_BYTES // FLOAT_BYTES
"""float32 numbers of a page"""


@dataclass(frozen=True, slots=True)
class PackedFilters:
    """Filters of `outputs` x `inputs` channels for register tiles of `rows` rows."""

    outputs: int
    inputs: int
    rows: int
    lanes: int

    @property
    def blocks(self) -> int:
        return -(-self.outputs // self.rows)

    @property
    def block(self) -> int:
        """float32 numbers from one block to the next."""
        return self.inputs * self.rows + self.lanes

    @property
    def plane(self) -> int:
        """float32 numbers from one product to the next."""
        plane = self.blocks * self.block
        return plane + self.lanes if plane % PAGE == 0 else plane

    @property
    def floats(self) -> int:
        """float32 numbers of all 36 products."""
        return PRODUCTS * self.plane

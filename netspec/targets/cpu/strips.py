"""Layout of the rows of a PooledConvolution before they are pooled."""

from __future__ import annotations

from netspec.targets.cpu.packed_filters import PAGE


def strip_stride(width: int, lanes: int) -> int:
    """float32 numbers from one channel to the next of two rows before they are pooled: never a multiple of 4096 bytes,
    because all channels would then share a few sets of the cache."""
    floats = 2 * width * lanes
    return floats + lanes if floats % PAGE == 0 else floats

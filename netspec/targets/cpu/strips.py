"""How the rows of a PooledConvolution lie until they are pooled."""

from __future__ import annotations

from netspec.targets.cpu.packed_kernels import PAGE


def strip_stride(width: int, lanes: int) -> int:
    """float32 numbers from one channel to the next of two rows of a map that wait to be pooled: no multiple of 4096
    bytes, which would put all channels into the same few sets of the cache."""
    floats = 2 * width * lanes
    return floats + lanes if floats % PAGE == 0 else floats

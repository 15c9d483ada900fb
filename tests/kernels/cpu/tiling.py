"""Few tile shapes for properties over many shapes: each costs a second to compile, once."""

from collections.abc import Generator
from contextlib import contextmanager

from hypothesis import strategies as st

from netspec.kernels.cpu.sliding import convolution, convolution_weight_gradient, pointwise
from netspec.schedule.cpu import tiles
from netspec.targets.cpu.processor import AVX2, AVX512, NEON

HEIGHTS, WIDTHS = (1, 4), (1, 3)
TARGETS = st.sampled_from((AVX512, AVX512, AVX2, NEON))
"""16, 8 and 4 lanes"""
TILED = (
    (convolution.slide, 8, 3),
    (convolution_weight_gradient.sum_taps, 8, 3),
    (convolution_weight_gradient.sum_group_taps, 8, 3),
    (pointwise.multiply_channels, 6, 4),
)
"""Kernels whose machine code is read, with rows and columns of a tile that fills the registers."""


@contextmanager
def few_tiles() -> Generator[None]:
    """Tiles of HEIGHTS rows and WIDTHS columns only."""
    before = tiles.HEIGHTS, tiles.WIDTHS
    tiles.HEIGHTS, tiles.WIDTHS = HEIGHTS, WIDTHS
    try:
        yield
    finally:
        tiles.HEIGHTS, tiles.WIDTHS = before

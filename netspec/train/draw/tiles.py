"""Filters and feature maps as tiles of one PNG."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Tiles = NDArray[np.uint8]
"""(N, H, W, 3): red, green and blue of each tile."""

TILE = 48
"""Target side of a tile in pixels; tiles grow by whole factors."""
GAP = 2
LARGEST = 4096
"""Most pixels of a row of enlarged tiles."""


def filter_tiles(filters: NDArray[Any]) -> tuple[Tiles, int]:
    """Tiles of filters (K, C, i, j), and the number of tiles in a row.

    A filter of three channels is one tile in colour, of one channel a grey tile; of others each channel is a grey tile,
    a filter a row. Zero is middle grey; the largest absolute weight of a filter is white or black.
    """
    largest = np.abs(filters).max(axis=(1, 2, 3), keepdims=True)
    pixels = np.rint(127.5 + 127.5 * filters / np.where(largest > 0, largest, 1)).astype(np.uint8)
    count, channels, height, width = pixels.shape
    if channels == 3:
        return np.moveaxis(pixels, 1, 3), _columns(count)
    return _grey(pixels.reshape(count * channels, height, width)), _columns(count) if channels == 1 else channels


def map_tiles(maps: NDArray[Any]) -> tuple[Tiles, int]:
    """Grey tiles of the feature maps (K, y, x) of an image, and the number of tiles in a row.

    All share one scale: zero, or the smallest number where it is negative, is black, and the largest white.
    """
    low, high = min(0.0, float(maps.min())), float(maps.max())
    span = high - low if high > low else 1.0
    return _grey(np.rint((maps - low) * (255 / span)).clip(0, 255).astype(np.uint8)), _columns(len(maps))


def draw_tiles(tiles: Tiles, columns: int) -> bytes:
    """A PNG of tiles on white, from left to right and top to bottom."""
    count, height, width, _ = tiles.shape
    factor = max(1, min(TILE // max(height, width), ((LARGEST - GAP) // columns - GAP) // width))
    step_y, step_x = factor * height + GAP, factor * width + GAP
    rows = -(-count // columns)
    sheet = np.full((rows * step_y + GAP, columns * step_x + GAP, 3), 255, np.uint8)
    for number, tile in enumerate(tiles):
        top, left = GAP + number // columns * step_y, GAP + number % columns * step_x
        sheet[top : top + step_y - GAP, left : left + step_x - GAP] = tile.repeat(factor, 0).repeat(factor, 1)
    content = io.BytesIO()
    Image.fromarray(sheet).save(content, "PNG")
    return content.getvalue()


def _grey(pixels: NDArray[np.uint8]) -> Tiles:
    return np.repeat(pixels[..., None], 3, axis=-1)


def _columns(count: int) -> int:
    """Tiles in a row, for a sheet about twice as wide as high."""
    return max(1, min(count, round((2 * count) ** 0.5)))

"""Filters and maps as tiles of one picture."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Tiles = NDArray[np.uint8]
"""(N, H, W, 3): red, green and blue of each tile."""

TILE = 48
"""Tiles are brought to about this many pixels a side, by whole factors."""
GAP = 2
LARGEST = 4096
"""A row of tiles is brought to no more pixels than this, unless it has as many in itself."""


def filter_tiles(filters: NDArray[Any]) -> tuple[Tiles, int]:
    """Tiles of filters (K, C, i, j), and how many stand in a row.

    Filters of three channels are a tile each, in colour, those of one a grey tile; of any others each channel is a grey
    tile, a row a filter. Zero is middle grey, and the largest weight of a filter is white or black.
    """
    largest = np.abs(filters).max(axis=(1, 2, 3), keepdims=True)
    pixels = np.rint(127.5 + 127.5 * filters / np.where(largest > 0, largest, 1)).astype(np.uint8)
    count, channels, height, width = pixels.shape
    if channels == 3:
        return np.moveaxis(pixels, 1, 3), _columns(count)
    return _grey(pixels.reshape(count * channels, height, width)), _columns(count) if channels == 1 else channels


def map_tiles(maps: NDArray[Any]) -> tuple[Tiles, int]:
    """Grey tiles of the maps (K, y, x) of an image, and how many stand in a row.

    All have one scale, so a map where little is found stays dark: zero, or the smallest number where that is below, is
    black, and the largest white.
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
    """Tiles a row, for a sheet about twice as wide as high."""
    return max(1, min(count, round((2 * count) ** 0.5)))

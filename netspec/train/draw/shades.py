"""Numbers as shades: grey scales, and two colour scales for what lies over an image."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[Any]
Tiles = NDArray[np.uint8]
"""(..., H, W, 3): red, green and blue."""


def grey(values: Numbers, low: float, high: float) -> Tiles:
    """Black at `low`, white at `high`; values (..., H, W)."""
    span = high - low if high > low else 1.0
    return _bytes(np.repeat(((values - low) / span)[..., None], 3, axis=-1))


def heat(values: Numbers, high: float) -> Tiles:
    """Black at zero and below, then red and yellow up to white at `high`; values (..., H, W)."""
    parts = 3 * np.clip(values / high if high > 0 else np.zeros_like(values), 0, 1)
    return _bytes(np.stack([parts, parts - 1, parts - 2], axis=-1))


def blue_red(values: Numbers, largest: float) -> Tiles:
    """White at zero, red at `largest` and above, blue at `-largest` and below; values (..., H, W)."""
    parts = np.clip(values / largest if largest > 0 else np.zeros_like(values), -1, 1)
    return _bytes(np.stack([1 + np.minimum(parts, 0), 1 - np.abs(parts), 1 - np.maximum(parts, 0)], axis=-1))


def signed(images: Numbers, *, together: bool = False) -> Tiles:
    """Images (N, C, H, W) with zero in middle grey and the largest number of each, or of all `together`, in magnitude,
    white or black."""
    planes = colours(images)
    largest = np.abs(planes).max(axis=None if together else (1, 2, 3), keepdims=True)
    return _bytes(0.5 + 0.5 * planes / np.where(largest > 0, largest, 1))


def image_tiles(images: Numbers, black: float, white: float) -> Tiles:
    """Images (N, C, H, W) from `black` to `white`."""
    span = white - black if white > black else 1.0
    return _bytes(colours((images - black) / span))


def colours(images: Numbers) -> Numbers:
    """Images (N, C, H, W) as (N, H, W, 3): of three or four channels the first three are colours, of others the mean
    is grey."""
    if images.shape[1] in (3, 4):
        return np.moveaxis(images[:, :3], 1, 3)
    return np.repeat(images.mean(axis=1)[..., None], 3, axis=-1)


def _bytes(parts: Numbers) -> Tiles:
    return np.rint(255 * np.clip(parts, 0, 1)).astype(np.uint8)

"""The numbers of normalisation: mean and deviation of the training part, channel by channel."""

from __future__ import annotations

from typing import Any, Literal, assert_never

import numpy as np
from numpy.typing import NDArray

from netspec.data.ahead import ahead
from netspec.data.dataset import Images
from netspec.data.levels import Levels
from netspec.data.pieces import pieces
from netspec.data.read_options import Progress, silent
from netspec.data.stored import Moments, Stored

Statistics = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Mean and deviation, float32 of shape (C,), on the scale of the images."""
THREADS = 4


def statistics(
    images: Images | Stored, levels: Levels, how: Literal["standard", "unit", "none"], progress: Progress = silent
) -> Statistics:
    """What to subtract and what to divide by, for images (N, C, H, W); those in files are read a few at a time.

    `standard`: mean and deviation of the channel over all images and pixels; a constant channel is divided by 1.
    `unit`: black, and white less black, so that what lies between them comes to lie in 0 to 1. `none`: 0 and 1.
    """
    channels: int = images.shape[1]
    zeros = np.zeros(channels, np.float32)
    match how:
        case "standard":
            return _standard(images, progress)
        case "unit":
            return np.full(channels, levels.black, np.float32), np.full(channels, levels.span, np.float32)
        case "none":
            return zeros, np.full(channels, 1.0, np.float32)
        case _:
            assert_never(how)


def _standard(images: Images | Stored, progress: Progress) -> Statistics:
    known = images.source.moments(images.rows) if isinstance(images, Stored) else None
    sums, squares = known or _moments(images, progress)
    count = images.shape[0] * images.shape[2] * images.shape[3]
    mean = sums / count
    variance = np.maximum(squares / count - mean * mean, 0.0)
    deviation = np.sqrt(variance).astype(np.float32)
    constant = deviation <= 1e-6 * np.maximum(np.abs(mean), 1e-30)
    return mean.astype(np.float32), np.where(constant, np.float32(1), deviation)


def _moments(images: Images | Stored, progress: Progress) -> Moments:
    """Sums of x and of x*x a channel; exact integers for bytes, hence the same on every platform."""
    every = pieces(images.shape, images.dtype)
    sums = squares = np.zeros(images.shape[1], np.uint64 if images.dtype == np.uint8 else np.float64)
    for piece, found in zip(every, ahead(lambda piece: moments(images[piece]), every, THREADS), strict=True):
        sums, squares = sums + found[0], squares + found[1]
        progress("mean and deviation", piece.stop, len(images))
    return sums.astype(np.float64), squares.astype(np.float64)


def number_range(images: Images | Stored) -> tuple[float, float]:
    """The smallest and the largest number of images; those in files are read a few at a time."""

    def extremes(piece: slice) -> tuple[float, float]:
        some = images[piece]
        return float(some.min()), float(some.max())

    lows, highs = zip(*ahead(extremes, pieces(images.shape, images.dtype), THREADS), strict=True)
    return min(lows), max(highs)


def moments(images: Images) -> tuple[NDArray[Any], NDArray[Any]]:
    """Sums of x and of x*x a channel over a few images: uint64 and exact for bytes, else float64."""
    whole = images.dtype == np.uint8
    kind = np.uint64 if whole else np.float64
    some = images.astype(np.uint16 if whole else np.float64)
    sums = some.sum(axis=(0, 2, 3), dtype=kind)
    return sums, np.multiply(some, some, out=some).sum(axis=(0, 2, 3), dtype=kind)

"""The numbers of normalisation: mean and deviation of the training part, channel by channel."""

from __future__ import annotations

from typing import Literal, assert_never

import numpy as np
from numpy.typing import NDArray

from netspec.data.dataset import Images

Statistics = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Mean and deviation, float32 of shape (C,), on the scale of the images."""

IMAGES_AT_ONCE = 500


def statistics(images: Images, white: float, how: Literal["standard", "unit", "none"]) -> Statistics:
    """What to subtract and what to divide by, for images (N, C, H, W).

    `standard`: mean and deviation of the channel over all images and pixels; a constant channel is divided by 1.
    `unit`: 0 and `white`, so that bytes come to lie in 0 to 1. `none`: 0 and 1.
    """
    channels: int = images.shape[1]
    zeros = np.zeros(channels, np.float32)
    match how:
        case "standard":
            return _standard(images)
        case "unit":
            return zeros, np.full(channels, white, np.float32)
        case "none":
            return zeros, np.full(channels, 1.0, np.float32)
        case _:
            assert_never(how)


def _standard(images: Images) -> Statistics:
    sums, squares = _moments(images)
    count = images.shape[0] * images.shape[2] * images.shape[3]
    mean = sums / count
    variance = np.maximum(squares / count - mean * mean, 0.0)
    deviation = np.sqrt(variance).astype(np.float32)
    constant = deviation <= 1e-6 * np.maximum(np.abs(mean), 1e-30)
    return mean.astype(np.float32), np.where(constant, np.float32(1), deviation)


def _moments(images: Images) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sums of x and of x*x a channel; exact integers for bytes, hence the same on every platform."""
    channels = images.shape[1]
    whole = images.dtype == np.uint8
    sums = np.zeros(channels, np.uint64 if whole else np.float64)
    squares = sums.copy()
    for start in range(0, len(images), IMAGES_AT_ONCE):
        some = images[start : start + IMAGES_AT_ONCE].astype(np.uint16 if whole else np.float64)
        sums += some.sum(axis=(0, 2, 3), dtype=sums.dtype)
        squares += np.multiply(some, some, out=some).sum(axis=(0, 2, 3), dtype=sums.dtype)
    return sums.astype(np.float64), squares.astype(np.float64)

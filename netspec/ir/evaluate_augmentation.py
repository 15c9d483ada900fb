"""What augmentation means, in plain NumPy, slow and obvious: kernels and the contact sheet are held to this.

An image is scaled and turned about its middle, shifted, mirrored, cropped and distorted, all by one map from a pixel of
the result to a place in the source, which is read there once, between its four neighbours (bilinear). Beyond the image
lies the mean, zero after normalisation. Then contrast, brightness, noise and cutout change the pixels of the result.

Each random number comes from a counter of (image, epoch, block, transform) under the seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspec.ir.augmentation import STREAMS, Augmentation, smoothing_weights
from netspec.ir.random import philox

Array = NDArray[Any]
Size = tuple[int, int]
"""Height and width."""


@dataclass(frozen=True, slots=True)
class Draws:
    """Where the random numbers of some images come from: their numbers in the data set (N,), the seed, the epoch."""

    images: Array
    seed: int
    epoch: int

    def words(self, transform: str, blocks: int = 1) -> Array:
        """uint32 (N, 4·blocks), the words of a transform."""
        counter = (self.images[:, None], self.epoch, np.arange(blocks)[None, :], STREAMS[transform])
        return np.stack(philox(counter, self.seed), axis=-1).reshape(len(self.images), -1)


@dataclass(frozen=True, slots=True)
class Normal:
    """The net sees (pixel - mean) · scale, a value a channel; `white` is the brightest pixel."""

    mean: Array
    scale: Array
    white: float


def augmented(
    images: Array, augmentation: Augmentation, draws: Draws, normal: Normal, *, size: Size, pad: int | None = None
) -> Array:
    """Images (N, C, H, W) as the net sees them in training, float64 (N, C, *size); `pad` None: nothing is cropped."""
    source = images.astype(np.float64)
    y, x = _places(source.shape[2:], augmentation, draws, size, pad)
    normalised = (_sampled(source, y, x, normal.mean) - _channels(normal.mean)) * _channels(normal.scale)
    return _toned(normalised, augmentation, draws, normal)


def uniform(words: Array) -> Array:
    """Numbers from 0 up to 1, from the upper 24 bits of each word."""
    return (words >> 8) * 2.0**-24


def each_way(words: Array) -> Array:
    """Numbers from -1 up to 1, from the upper 24 bits of each word."""
    return (words >> 8) * 2.0**-23 - 1


def normals(words: Array) -> Array:
    """Normal numbers of deviation 1, two from every two words along the last axis (Box and Muller 1958)."""
    radius = np.sqrt(-2 * np.log(uniform(words[..., 0::2]) + 2.0**-24))
    angle = 2 * np.pi * uniform(words[..., 1::2])
    return np.stack((radius * np.cos(angle), radius * np.sin(angle)), axis=-1).reshape(words.shape)


def corners(found: Size, size: Size, pad: int, draws: Draws) -> tuple[Array, Array]:
    """Top and left (N,) of a random crop, below zero in the padding."""
    words = draws.words("crop").astype(np.uint64)
    spare = [extent + 2 * pad - window for extent, window in zip(found, size, strict=True)]
    top, left = ((words[:, k] * np.uint64(spare[k] + 1) >> np.uint64(32)).astype(np.int64) - pad for k in (0, 1))
    return top, left


def displacements(augmentation: Augmentation, draws: Draws, size: Size) -> tuple[Array, Array]:
    """How far each pixel of the result looks down and to the right, (N, H, W) each: uniform noise from -1 to 1,
    smoothed by a Gaussian, nothing beyond the borders, times the strength (Simard, Steinkraus and Platt 2003).

    Row y, columns 2k and 2k + 1 take the words of block y·ceil(W/2) + k: down, right, down, right.
    """
    (height, width), pairs = size, -(-size[1] // 2)
    words = draws.words("distort", height * pairs).reshape(-1, height, 2 * pairs, 2)[:, :, :width]
    noise = each_way(words)
    for axis in (1, 2):
        noise = _smoothed(noise, axis, smoothing_weights(augmentation.smoothness, max(size)))
    return augmentation.distort * noise[..., 0], augmentation.distort * noise[..., 1]


def _smoothed(field: Array, axis: int, weights: tuple[float, ...]) -> Array:
    """Each number replaced by the weighted sum of its neighbours along an axis."""
    moved = np.moveaxis(field, axis, 0)
    result = weights[0] * moved
    for k, weight in enumerate(weights[1 : len(moved)], start=1):
        result[k:] += weight * moved[:-k]
        result[:-k] += weight * moved[k:]
    return np.moveaxis(result, 0, axis)


def _places(found: Size, augmentation: Augmentation, draws: Draws, size: Size, pad: int | None) -> tuple[Array, Array]:
    """Where in the source each pixel of the result lies: y and x, (N, H, W) each, pixel (0, 0) at place (0, 0)."""
    grid: Array = np.indices(size).astype(np.float64)
    y: Array = grid[0][None]
    x: Array = grid[1][None]
    if augmentation.distort:
        down, right = displacements(augmentation, draws, size)
        y, x = y + down, x + right
    top, left = (_images(axis) for axis in corners(found, size, pad or 0, draws))
    middle_y, middle_x = ((extent - 1) / 2 for extent in found)
    y, x = y + (top - middle_y), x + (left - middle_x)
    words = draws.words("mirror")
    y = np.where(_images(words[:, 1] >> 31) * augmentation.mirror_vertical, -y, y)
    x = np.where(_images(words[:, 0] >> 31) * augmentation.mirror, -x, x)
    shift = augmentation.shift * each_way(draws.words("shift"))
    y, x = y - _images(shift[:, 0]), x - _images(shift[:, 1])
    low, high = augmentation.scale
    factor = low + (high - low) * uniform(draws.words("scale")[:, 0])
    angle = 2 * np.pi * augmentation.turn * each_way(draws.words("rotate")[:, 0])
    cosine, sine = _images(np.cos(angle) / factor), _images(np.sin(angle) / factor)
    return middle_y + (cosine * y + sine * x), middle_x + (cosine * x - sine * y)


def _sampled(source: Array, y: Array, x: Array, mean: Array) -> Array:
    """(N, C, H, W): the source at places (N, H, W), between its four neighbours; beyond the image lies the mean."""
    top, left = np.floor(y).astype(np.int64), np.floor(x).astype(np.int64)
    down, right = (y - top)[:, None], (x - left)[:, None]

    def pixels(row: Array, column: Array) -> Array:
        height, width = source.shape[2:]
        inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
        image = np.arange(len(source))[:, None, None]
        values = np.moveaxis(source[image, :, row.clip(0, height - 1), column.clip(0, width - 1)], 3, 1)
        return np.where(inside[:, None], values, _channels(mean))

    upper = pixels(top, left) + right * (pixels(top, left + 1) - pixels(top, left))
    lower = pixels(top + 1, left) + right * (pixels(top + 1, left + 1) - pixels(top + 1, left))
    return upper + down * (lower - upper)


def _toned(images: Array, augmentation: Augmentation, draws: Draws, normal: Normal) -> Array:
    """Contrast about the mean of each channel of each image, brightness, noise, and a square of zeros."""
    count, channels, height, width = images.shape
    white = normal.white * _channels(normal.scale)
    contrast = augmentation.contrast * each_way(draws.words("contrast")[:, 0])
    brightness = augmentation.brightness * each_way(draws.words("brightness")[:, 0])
    mean = images.mean(axis=(2, 3), keepdims=True)
    result = images + _images(contrast)[:, None] * (images - mean) + white * _images(brightness)[:, None]
    if augmentation.noise:
        blocks = -(-height * width // 4)
        words = draws.words("noise", channels * blocks).reshape(count, channels, 4 * blocks)
        noise = normals(words)[..., : height * width].reshape(images.shape)
        result = result + augmentation.noise * white * noise
    return np.where(_cut(augmentation.cutout, draws, (height, width))[:, None], 0.0, result)


def _cut(side: int, draws: Draws, size: Size) -> Array:
    """Bool (N, H, W): a square about a random pixel, less what lies beyond the borders (DeVries and Taylor 2017)."""
    words = draws.words("cutout").astype(np.uint64)
    inside: list[Array] = []
    for axis, extent in enumerate(size):
        middle = (words[:, axis] * np.uint64(extent) >> np.uint64(32)).astype(np.int64)
        place = np.arange(extent)[None, :] - (middle[:, None] - side // 2)
        inside.append((place >= 0) & (place < side))
    return inside[0][:, :, None] & inside[1][:, None, :]


def _images(values: Array) -> Array:
    """(N,) as (N, 1, 1)"""
    return values[:, None, None]


def _channels(values: Array) -> Array:
    """(C,) as (C, 1, 1)"""
    return np.asarray(values)[:, None, None]

"""The lecture's computer graphics: seeded images of simple figures, drawn with soft edges, any size, grey or colour.

Place, size, turn, brightness or colour of figure and ground vary from image to image. Only sums, products, quotients
and square roots are used, which round alike everywhere: equal options give equal bytes on every platform.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from netspec.data.dataset import Part
from netspec.data.order import Purpose, bell, uniform

Field = NDArray[np.float64]
"""Numbers a pixel of some images, shape (n, H, W)."""

SQRT2, SQRT3 = sqrt(2.0), sqrt(3.0)
IMAGES_AT_ONCE = 256
DRAWS = 12
"""Random numbers an image: two of place, one of size, one of turn, four each of figure and ground."""


def _disc(x: Field, y: Field) -> Field:
    return np.sqrt(x * x + y * y) - 0.85


def _ring(x: Field, y: Field) -> Field:
    return np.abs(np.sqrt(x * x + y * y) - 0.65) - 0.22


def _square(x: Field, y: Field) -> Field:
    return np.maximum(np.abs(x), np.abs(y)) - 0.75


def _triangle(x: Field, y: Field) -> Field:
    return np.maximum(np.abs(x) * (SQRT3 / 2) + y * 0.5, -y) - 0.5


def _cross(x: Field, y: Field) -> Field:
    across, along = np.minimum(np.abs(x), np.abs(y)), np.maximum(np.abs(x), np.abs(y))
    return np.maximum(across - 0.25, along - 0.9)


def _bars(x: Field, y: Field) -> Field:
    return np.maximum(np.abs(np.abs(x) - 0.5) - 0.2, np.abs(y) - 0.8)


FIGURES: dict[str, Callable[[Field, Field], Field]] = {
    "disc": _disc,
    "ring": _ring,
    "square": _square,
    "triangle": _triangle,
    "cross": _cross,
    "bars": _bars,
}
"""How far outside its edge a point lies, by class; the figure is about one unit in radius."""


def figures(seed: int, count: int, noise: float, shape: tuple[int, int, int], *, stream: int) -> Part:
    """`count` images of bytes, shape (C, H, W) with one channel or three; the classes take turns.

    `noise` is the deviation of the error of a pixel as a fraction of the whole range.
    """
    labels = (np.arange(count) % len(FIGURES)).astype(np.int32)
    draws = uniform(seed, Purpose.FIGURES, count * DRAWS, stream=stream).reshape(count, DRAWS)
    images = np.empty((count, *shape), np.uint8)
    for start in range(0, count, IMAGES_AT_ONCE):
        some = slice(start, start + IMAGES_AT_ONCE)
        drawn = _drawn(draws[some], labels[some], shape)
        errors = bell(seed, Purpose.PIXELS, drawn.size, stream=(stream << 32) + start).reshape(drawn.shape)
        images[some] = np.clip(np.floor(255.0 * (drawn + noise * errors) + 0.5), 0, 255).astype(np.uint8)
    return Part(images, labels)


def _drawn(draws: Field, labels: NDArray[np.int32], shape: tuple[int, int, int]) -> Field:
    """Images (n, C, H, W) with values 0 to 1 before noise."""
    inside = _coverage(draws, labels, shape[1], shape[2])[:, None]
    figure, ground = _colours(draws, shape[0])
    return ground[:, :, None, None] * (1.0 - inside) + figure[:, :, None, None] * inside


def _coverage(draws: Field, labels: NDArray[np.int32], height: int, width: int) -> Field:
    """How much of each pixel the figure covers, 0 to 1, by the distance of its centre from the edge."""
    x, y, radius = _turned(draws, height, width)
    distance = np.empty((len(draws), height, width))
    for label, outside in enumerate(FIGURES.values()):
        chosen = labels == label
        distance[chosen] = outside(x[chosen], y[chosen])
    return np.clip(0.5 - distance * radius, 0.0, 1.0)


def _turned(draws: Field, height: int, width: int) -> tuple[Field, Field, Field]:
    """Coordinates of the pixels in the frame of each figure, where it has radius one, and that radius in pixels.

    The turn is the rational point ((1 - t²) / (1 + t²), 2t / (1 + t²)) of the circle, up to 45 degrees each way.
    """
    half = min(height, width) / 2
    radius = (half * (0.45 + 0.35 * draws[:, 2]))[:, None, None]
    room_x, room_y = width / 2 - radius[:, 0, 0], height / 2 - radius[:, 0, 0]
    centre_x = (width / 2 + room_x * (1.6 * draws[:, 0] - 0.8))[:, None, None]
    centre_y = (height / 2 + room_y * (1.6 * draws[:, 1] - 0.8))[:, None, None]
    t = ((2.0 * draws[:, 3] - 1.0) * (SQRT2 - 1.0))[:, None, None]
    cosine, sine = (1.0 - t * t) / (1.0 + t * t), 2.0 * t / (1.0 + t * t)
    x = (np.arange(width) + 0.5 - centre_x) / radius
    y = ((np.arange(height) + 0.5)[:, None] - centre_y) / radius
    return cosine * x + sine * y, cosine * y - sine * x, radius


def _colours(draws: Field, channels: int) -> tuple[Field, Field]:
    """Colours of figure and ground, (n, C): one is light and the other dark, which is which changes."""
    light, dark = 0.55 + 0.45 * draws[:, 4 : 4 + channels], 0.45 * draws[:, 8 : 8 + channels]
    swapped = (draws[:, 7] < 0.5)[:, None]
    return np.where(swapped, dark, light), np.where(swapped, light, dark)

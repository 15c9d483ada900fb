"""Points in the plane with classes that no straight line parts: `spirals` and `circles`.

A point is an image of two channels and one pixel, so `input 2` and `input 2x1x1` both take it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netspec.data.dataset import Part
from netspec.data.order import Purpose, bell, uniform

Numbers = NDArray[np.float64]
"""One number a point, shape (N,)."""


def spirals(seed: int, count: int, noise: float, *, stream: int) -> Part:
    """`count` points on two spirals of one turn and a half around the origin, with radii from 0.05 to 1.

    The spiral of class 1 is that of class 0 turned by half a turn; `noise` is the deviation of a normal error.
    """
    along = uniform(seed, Purpose.POINTS, count, stream=2 * stream)
    labels = np.arange(count) % 2
    return _part(0.05 + 0.95 * along, 1.5 * along + labels / 2, labels, seed, noise, stream)


def circles(seed: int, count: int, noise: float, *, stream: int) -> Part:
    """`count` points on two circles around the origin, of radius 0.5 (class 0) and 1 (class 1), with a normal error."""
    turns = uniform(seed, Purpose.POINTS, count, stream=2 * stream)
    labels = np.arange(count) % 2
    return _part((labels + 1) / 2, turns, labels, seed, noise, stream)


def _part(radius: Numbers, turns: Numbers, labels: NDArray[np.int64], seed: int, noise: float, stream: int) -> Part:
    count = len(labels)
    angle = 2 * np.pi * turns
    plane = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    errors = bell(seed, Purpose.POINTS, 2 * count, stream=2 * stream + 1).reshape(count, 2)
    points = (plane + noise * errors).astype(np.float32)
    return Part(points[:, :, None, None], labels.astype(np.int32))

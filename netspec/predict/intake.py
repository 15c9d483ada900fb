"""Images as they are given, checked and brought to the form that a net takes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspec.data.dataset import Images
from netspec.data.levels import BYTE_ARRAYS, Levels
from netspec.diagnostics.failure import UsageError
from netspec.ir.graph import Shape
from netspec.runtime.feed import Pass, Source, normalized

BYTES, FLOATS = np.dtype(np.uint8), np.dtype(np.float32)
"""made once: a comparison with a type makes its dtype"""


@dataclass(frozen=True, slots=True)
class Intake:
    """What a net sees of images of `shape` (C, H, W): (x - mean) / deviation, a value a channel, and with `pad` the
    middle of the image with so many zeros around it. `levels` are black and white of the images."""

    shape: tuple[int, int, int]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    pad: int | None = None
    levels: Levels = BYTE_ARRAYS

    def feed(self, images: Images) -> Pass:
        """Images (N, C, H, W), in their order."""
        mean, scale = self.normalisation()
        crop = "none" if self.pad is None else "centre"
        return Pass(Source(images, None, mean, scale), _order(len(images)), crop=crop, pad=self.pad or 0)

    def normal(self, images: Images, shape: Shape) -> NDArray[np.float32]:
        """Images (N, C, H, W) as a net sees them whose input has this shape, (N, *shape)."""
        return normalized(self.feed(images), shape, slice(None))

    def normalisation(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """What is taken off, and the factor then: float32, (C,) each."""
        return _normalisation(self.mean, self.deviation)


@lru_cache(maxsize=4)
def _order(count: int) -> NDArray[np.int64]:
    """0 … count - 1, made once too."""
    order = np.arange(count)
    order.flags.writeable = False
    return order


@lru_cache(maxsize=64)
def _normalisation(
    mean: tuple[float, ...], deviation: tuple[float, ...]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Made once: it takes longer than a small net's own work on an image."""
    arrays = np.asarray(mean, np.float32), (1.0 / np.asarray(deviation, np.float64)).astype(np.float32)
    for array in arrays:
        array.flags.writeable = False
    return arrays


@lru_cache(maxsize=64)
def _forms(shape: tuple[int, int, int]) -> frozenset[tuple[int, ...]]:
    """Shapes that an image of this one may be given in."""
    forms: list[tuple[int, ...]] = [shape]
    if shape[0] == 1:
        forms.append(shape[1:])
    if shape[1:] == (1, 1):
        forms.append(shape[:1])
    return frozenset(forms)


def as_images(array: NDArray[Any], shape: tuple[int, int, int]) -> Images:
    """An array of one or more images as (N, C, H, W), bytes as they are and everything else as float32.

    Takes (N, C, H, W), (C, H, W), and without the channel where there is one; flat vectors (N, C) or (C,) where images
    are single pixels. Raises UsageError (E465) for any other shape, and for values that are no finite numbers.
    """
    forms, given = _forms(shape), array.shape
    if given not in forms and not (given and given[1:] in forms and given[0]):
        takes = f"({', '.join(map(str, ('N', *shape)))})"
        raise UsageError("E465", f"images of shape {array.shape} do not fit: the net was trained on {takes}")
    if array.dtype.kind not in "biuf":
        raise UsageError("E465", f"images are numbers, not {array.dtype}")
    if array.dtype == BYTES:
        return array.reshape(-1, *shape)
    array = np.asarray(array)  # of a subclass, such as masked arrays, the numbers alone
    if array.dtype != FLOATS:
        with np.errstate(over="ignore"):
            array = np.asarray(array, np.float32)
    images = array.reshape(-1, *shape)
    if (
        not isfinite(np.vdot(images, images)) and not np.isfinite(images).all()
    ):  # the first, which may overflow, is faster
        spoilt = int(np.flatnonzero(~np.isfinite(images).reshape(len(images), -1).all(axis=1))[0])
        raise UsageError("E465", f"image {spoilt} holds a number that is not finite in float32")
    return images

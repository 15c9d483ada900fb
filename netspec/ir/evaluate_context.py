"""What the meanings of operations share: the array type, the run's context, and sliding windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspec.ir.graph import Value
from netspec.ir.operations import Pair, Window
from netspec.ir.shapes import window_output

Array = NDArray[Any]
Arrays = tuple[Array, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """A run: `dtype` of all arithmetic, and what Dropout counts with: the 64-bit seed and the number of the step."""

    dtype: Any = np.float64
    seed: int = 0
    step: int = 0


Meaning = Callable[[Any, Arrays, tuple[Value, ...], Context], Arrays]
"""operation, input arrays, output values as declared, context -> output arrays; batched arrays are (N, *shape)"""


def pad(x: Array, window: Window, fill: float = 0.0) -> Array:
    """`x` (n, c, h, w) with the window's border of `fill` around its height and width."""
    sides = ((0, 0), (0, 0), *zip(window.before, window.after, strict=True))
    return np.pad(x, sides, constant_values=fill)


def taps(window: Window, padded: Array) -> Iterator[tuple[int, int, Array]]:
    """For each kernel position i, j: what it sees, a view (n, c, oh, ow) of a padded array (n, c, h, w).

    Element y, x of the view is padded[y * stride + i * dilation, x * stride + j * dilation].
    """
    rows, columns = window_output(_unpadded(window), (padded.shape[2], padded.shape[3]))
    (down, right), (di, dj) = window.stride, window.dilation
    for i in range(window.kernel[0]):
        for j in range(window.kernel[1]):
            top, left = i * di, j * dj
            below, beyond = top + (rows - 1) * down + 1, left + (columns - 1) * right + 1
            yield i, j, padded[:, :, top:below:down, left:beyond:right]


def _unpadded(window: Window) -> Window:
    return Window(window.kernel, window.stride, dilation=window.dilation)


def crop(padded: Array, window: Window, size: Pair) -> Array:
    """What `pad` was given, of height and width `size`."""
    top, left = window.before
    return padded[:, :, top : top + size[0], left : left + size[1]]


def padded_zeros(like: Value, images: int, window: Window, dtype: Any) -> Array:
    """Zeros of the size that `pad` would give an array of the declared shape `like`."""
    c, h, w = like.shape
    rows, columns = (
        size + before + after for size, before, after in zip((h, w), window.before, window.after, strict=True)
    )
    return np.zeros((images, c, rows, columns), dtype)

"""Cuts stacks of images into pieces small enough to work on."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

IMAGES_AT_ONCE = 500
BYTES_AT_ONCE = 1 << 23


def pieces(shape: tuple[int, ...], dtype: np.dtype[Any]) -> list[slice]:
    """Successive images of a stack of this shape: at most 500, or as many as 8 MiB hold, at least one."""
    image_bytes = math.prod(shape[1:]) * dtype.itemsize
    count = max(1, min(IMAGES_AT_ONCE, BYTES_AT_ONCE // max(1, image_bytes)))
    return [slice(start, min(start + count, shape[0])) for start in range(0, shape[0], count)]

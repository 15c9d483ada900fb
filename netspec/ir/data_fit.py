"""Whether images fit a net's input, and classes its outputs; shapes of images are (C, H, W)."""

from __future__ import annotations

import math
from typing import Literal

from netspec.ir.operations import LossName

Shape = tuple[int, ...]


def is_laid_out(found: Shape, wanted: Shape) -> bool:
    """Whether an image is a row of numbers that the net's input `wanted`, (C, H, W), takes as its own shape."""
    return found[1:] == (1, 1) and (*wanted, 1, 1)[1:3] != (1, 1) and found[0] == math.prod(wanted)


def misfit(found: Shape, wanted: Shape, crop_pad: int | None) -> Literal["channels", "size"] | None:
    """In what images do not fit the net's input `wanted`, (C, H, W) or (F,); None where they fit.

    With a crop, whose pad is `crop_pad`, they may be larger than the input.
    """
    channels, height, width = (*wanted, 1, 1)[:3]
    if is_laid_out(found, wanted):
        return None
    if found[0] != channels:
        return "channels"
    if crop_pad is None:
        return None if found[1:] == (height, width) else "size"
    large = all(size + 2 * crop_pad >= least for size, least in zip(found[1:], (height, width), strict=True))
    return None if large else "size"


def classes_told_apart(outputs: int, loss: LossName) -> int | None:
    """How many classes a net with so many outputs has room for; None where a label is the target itself."""
    if outputs == 1 and loss == "squared_error":
        return None
    return 2 if outputs == 1 and loss != "cross_entropy" else outputs

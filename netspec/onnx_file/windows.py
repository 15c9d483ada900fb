"""A window that slides, in ONNX's words."""

from __future__ import annotations

from netspec.ir.operations import Window
from netspec.onnx_file.draft import Attribute

NOWHERE = (0, 0)


def sliding(window: Window) -> dict[str, Attribute]:
    """The attributes that ONNX's windows share. Its output size is that of `Window`, rounded down."""
    return {"kernel_shape": list(window.kernel), "strides": list(window.stride), "pads": pads(window)}


def dilated(window: Window) -> dict[str, Attribute]:
    """The same with the distance between taps."""
    return {**sliding(window), "dilations": list(window.dilation)}


def pads(window: Window) -> list[int]:
    """Rows above, columns to the left, rows below, columns to the right."""
    return [*window.before, *window.after]


def padded(window: Window) -> bool:
    return (window.before, window.after) != (NOWHERE, NOWHERE)

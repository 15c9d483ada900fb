"""Which of the direct sums have kernels of their own: those of 1x1 windows, and those channel by channel."""

from __future__ import annotations

from netspec.ir import operations as ops
from netspec.ir.operations import Operation, Window
from netspec.ir.program import Algorithm


def direct_algorithm(operation: Operation) -> Algorithm:
    """The way an operation is done that follows its definition."""
    match operation:
        case ops.Convolution(window) | ops.ConvolutionInputGradient(window) if is_pointwise(window):
            return "pointwise"
        case _:
            return "direct"


def is_pointwise(window: Window) -> bool:
    """Whether every output sees one position, and a position of the input, not of a padding."""
    return window.kernel == (1, 1) and window.before == (0, 0) and max(window.after) <= 0

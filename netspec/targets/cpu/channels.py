"""Sizes of the layout whose lanes hold channels, for prediction on fewer images than lanes.

A value (C, H, W) is stored as `[image][vector of channels][H][W][lanes]`, a flat one (K,) as a map of one pixel. Lanes
past the last channel are undefined: each is read only together with lanes of the same number. An image that only window
sums read is stored plainly, as `[image][C][H][W]`: one channel per vector. A map that a sum makes and only sums read
may have margins of zeros, for padded windows: `[image][vector of channels][top + H + bottom][left + W + right][lanes]`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from netspec.diagnostics.failure import CompilerBug
from netspec.ir import operations as ops
from netspec.ir.graph import Node, Shape
from netspec.ir.operations import Activation, Operation, Pair

Map = tuple[int, int, int]


class Margins(NamedTuple):
    """Rows and columns of zeros around a map."""

    top: int = 0
    left: int = 0
    bottom: int = 0
    right: int = 0

    def around(self, height: int, width: int) -> Pair:
        """Rows and columns of a map of `height` x `width` with its margins."""
        return self.top + height + self.bottom, self.left + width + self.right


NO_MARGINS = Margins()


Sum = ops.Convolution | ops.Deconvolution | ops.Local | ops.Dense
"""Operations that sum over windows."""


def as_map(shape: Shape) -> Map:
    """(C, H, W) of a value; a flat vector of K numbers has K channels of one pixel."""
    channels, height, width = (*shape, 1, 1)[:3]
    return channels, height, width


def vectors(channels: int, vector_channels: int) -> int:
    """Number of vectors for `channels` channels, `vector_channels` in each."""
    return -(-channels // vector_channels)


@dataclass(frozen=True, slots=True)
class Sliding:
    """A sum over windows of `taps` pixels as a convolution of x (C, H, W) to y (K, OH, OW).

    Output pixel (y, x) reads at tap (i, j) row y*stride + i*dilation - before, column likewise, of x with `spacing` - 1
    zeros between neighbours and zeros all around. A Deconvolution slides its taps backwards over an x spaced by its
    stride; a Dense layer has one window, the whole map.
    """

    x: Map
    y: Map
    taps: Pair
    stride: Pair = (1, 1)
    dilation: Pair = (1, 1)
    before: Pair = (0, 0)
    spacing: Pair = (1, 1)
    channel_groups: int = 1

    @property
    def margins(self) -> Margins | None:
        """The zeros around x that windows reach; None where they reach zeros between its pixels."""
        if self.spacing != (1, 1):
            return None
        (top, left), (_, height, width) = self.before, self.x
        below, beyond = self.reach(0) - top - height, self.reach(1) - left - width
        return Margins(*(max(0, zeros) for zeros in (top, left, below, beyond)))

    def copied(self, margins: Margins) -> bool:
        """Whether x, which has these margins, is copied first, with its zeros in place."""
        wanted = self.margins
        return wanted is None or any(own < zeros for own, zeros in zip(margins, wanted, strict=True))

    def reach(self, axis: int) -> int:
        """Rows or columns under the windows of all outputs."""
        return (self.y[1 + axis] - 1) * self.stride[axis] + self.dilation[axis] * (self.taps[axis] - 1) + 1

    def copy_floats(self, vector_channels: int) -> int:
        """float32 numbers of the copy of one image."""
        return vectors(self.x[0], vector_channels) * self.reach(0) * self.reach(1) * vector_channels

    @property
    def depthwise(self) -> bool:
        """Whether every output channel depends on one input channel, its own."""
        return self.channel_groups == self.x[0] == self.y[0] and self.channel_groups > 1

    def inputs(self, first: int, last: int, vector_channels: int) -> tuple[int, int]:
        """Vectors of input channels, begin … end, that output channels first … last depend on."""
        own_outputs, own_inputs = self.y[0] // self.channel_groups, self.x[0] // self.channel_groups
        last = min(last, self.y[0])
        begin = min(first, last - 1) // own_outputs * own_inputs
        end = ((last - 1) // own_outputs + 1) * own_inputs
        return begin // vector_channels, vectors(end, vector_channels)


def sliding(node: Node) -> Sliding:
    """The window sum of a Convolution, Deconvolution, Local or Dense node."""
    x, y = as_map(node.inputs[0].shape), as_map(node.outputs[0].shape)
    match node.operation:
        case ops.Convolution(window, channel_groups):
            return Sliding(
                x, y, window.kernel, window.stride, window.dilation, window.before, channel_groups=channel_groups
            )
        case ops.Local(window):
            return Sliding(x, y, window.kernel, window.stride, window.dilation, window.before)
        case ops.Deconvolution(window):
            reach = tuple(d * (k - 1) for d, k in zip(window.dilation, window.kernel, strict=True))
            before = reach[0] - window.before[0], reach[1] - window.before[1]
            return Sliding(x, y, window.kernel, (1, 1), window.dilation, before, window.stride)
        case ops.Dense():
            return Sliding(x, y, x[1:])
        case _:
            raise CompilerBug(f"{type(node.operation).__name__} is no sum over windows")


def activation_of(operation: Operation) -> Activation:
    """The activation that a window sum applies to its results."""
    assert isinstance(operation, Sum)
    return operation.activation

"""Where an activation of channels x height x width lies, and what sliding sums have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from netspec.ir.operations import IDENTITY, Activation
from netspec.kernels.cpu.language.descriptor import Operand
from netspec.kernels.cpu.language.rows import place
from netspec.kernels.cpu.layers.activations import CODES
from netspec.kernels.cpu.layers.max_pool import UNINDEXED
from netspec.targets.cpu.program import Buffer, Program

NO_BIAS = -1
IN_REGISTERS = frozenset({"identity", "relu"})
"""Activations that a tile applies before it is stored; the others take a pass of their own."""


class Map(NamedTuple):
    """Words of an activation of three axes: where it begins, how far apart its groups, channels and rows are in float32
    numbers, and its size."""

    place: int
    group: int
    channel: int
    row: int
    height: int
    width: int


@dataclass(frozen=True, slots=True)
class Planes:
    """An activation of channels x height x width; strides count float32 numbers."""

    place: int
    group_stride: int
    channels: int
    height: int
    width: int
    lanes: int
    channel_stride: int

    @property
    def row_stride(self) -> int:
        return self.width * self.lanes

    @property
    def map(self) -> Map:
        """The words of a kernel."""
        return Map(
            place=self.place,
            group=self.group_stride,
            channel=self.channel_stride,
            row=self.row_stride,
            height=self.height,
            width=self.width,
        )


@dataclass(frozen=True, slots=True)
class Ending:
    """What a sum ends with: a bias a channel, which lies at `bias` if there is one, then an activation."""

    bias: int = NO_BIAS
    activation: Activation = IDENTITY

    @property
    def code(self) -> int:
        """Of the activation, if it is one of IN_REGISTERS."""
        function = self.activation.function
        return CODES[function if function in IN_REGISTERS else "identity"]


NOTHING = Ending()


@dataclass(frozen=True, slots=True)
class Pooling:
    """A sum of this height and width, pooled 2x2; where the tap of the largest goes, and how far apart groups are."""

    size: tuple[int, int] | None = None
    index: Operand = UNINDEXED


UNPOOLED = Pooling()


def ending_of(bias: Sequence[Buffer], activation: Activation) -> Ending:
    """With the bias that a launch may have."""
    return Ending(place(bias[0]) if bias else NO_BIAS, activation)


def planes(buffer: Buffer, program: Program) -> Planes:
    """Where an activation of three axes lies."""
    c, h, w = buffer.value.shape
    return Planes(place(buffer), buffer.group_stride, c, h, w, program.target.lanes, buffer.plane_stride)

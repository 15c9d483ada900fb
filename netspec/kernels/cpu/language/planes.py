"""Layout of channels x height x width activations, and the epilogue and pooling that all sliding sums share."""

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
"""Activations applied to a tile before it is stored; any other takes a separate pass over memory."""


class Map(NamedTuple):
    """Words of a channels x height x width activation: first element and strides, in float32 elements, and size."""

    place: int
    group: int
    channel: int
    row: int
    height: int
    width: int


@dataclass(frozen=True, slots=True)
class Planes:
    """Layout of a channels x height x width activation; `place` and strides in float32 elements."""

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
        """The words of a kernel's descriptor."""
        return Map(
            place=self.place,
            group=self.group_stride,
            channel=self.channel_stride,
            row=self.row_stride,
            height=self.height,
            width=self.width,
        )


@dataclass(frozen=True, slots=True)
class Epilogue:
    """Epilogue of a sum: a bias per output channel, stored from arena[bias] on, if any, then an activation."""

    bias: int = NO_BIAS
    activation: Activation = IDENTITY

    @property
    def code(self) -> int:
        """Code of the activation where it is in `IN_REGISTERS`, otherwise of the identity."""
        function = self.activation.function
        return CODES[function if function in IN_REGISTERS else "identity"]


NO_EPILOGUE = Epilogue()


@dataclass(frozen=True, slots=True)
class Pooling:
    """2x2 max pooling after a sum of `size` (height, width); `index` is the buffer for the taps of the maxima."""

    size: tuple[int, int] | None = None
    index: Operand = UNINDEXED


UNPOOLED = Pooling()


def epilogue_of(bias: Sequence[Buffer], activation: Activation) -> Epilogue:
    """The epilogue of a launch; `bias` is empty or one buffer."""
    return Epilogue(place(bias[0]) if bias else NO_BIAS, activation)


def planes(buffer: Buffer, program: Program) -> Planes:
    """The layout of a channels x height x width buffer."""
    c, h, w = buffer.value.shape
    return Planes(place(buffer), buffer.group_stride, c, h, w, program.target.lanes, buffer.plane_stride)

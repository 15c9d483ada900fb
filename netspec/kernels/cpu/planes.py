"""Where an activation of channels x height x width lies, and what sliding sums have in common."""

from __future__ import annotations

from dataclasses import dataclass

from netspec.ir.program import Buffer, Program
from netspec.kernels.cpu.rows import place

NO_BIAS = -1
IN_REGISTERS = frozenset({"identity", "relu"})
"""Activations that a tile applies before it is stored; the others take a pass of their own."""


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


def planes(buffer: Buffer, program: Program) -> Planes:
    """Where an activation of three axes lies."""
    c, h, w = buffer.value.shape
    return Planes(place(buffer), buffer.group_stride, c, h, w, program.target.lanes, buffer.plane_stride)

"""Rows of the launch table: a kernel, the tile that picks its specialisation, and the numbers it runs on."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from netspec.ir.memory import FLOAT_BYTES
from netspec.kernels.cpu.language.descriptor import Operand, Word, words_of
from netspec.targets.cpu.program import Buffer, Launch, Program, Tile

Kernel = Any
"""A function jitted with `jit.kernel`: kernel(tile, arena, d, state, begin, end, thread)."""
Descriptor = tuple[Any, ...]
"""The `NamedTuple` that a kernel names in the type of `d`; see `descriptor.py`."""


@dataclass(frozen=True, slots=True)
class Row:
    """`units` of work that may be done in any order, split over the team.

    With `per_group` there are `units` for each live lane group, and the kernel's unit u is number u % units of group
    u // units. A row whose descriptor is not the kernel's is a CompilerBug.
    `reads` and `writes` are all the memory that it touches beside the thread's own; a row that names none may touch
    all that its launch has. Rows that cannot disturb each other may run at the same time (`runtime/cpu/phases.py`).
    The rows of a launch with `sums`, and those that name no memory, share its multiply-adds.
    """

    kernel: Kernel
    tile: Tile
    descriptor: Descriptor
    units: int
    per_group: bool = False
    reads: tuple[Buffer, ...] = ()
    writes: tuple[Buffer, ...] = ()
    sums: bool = False
    words: tuple[Word, ...] = field(init=False, compare=False, repr=False)
    """The descriptor's words; a float stands in memory as float64 bits and is read with `real(d, k)`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", words_of(self.kernel, self.descriptor))


def copying(number: int, launch: Launch, row: Row) -> Row:
    """A row that makes something of a launch's input of this number, in its scratch."""
    assert launch.scratch is not None
    return replace(row, reads=(launch.inputs[number],), writes=(launch.scratch,))


def after_copying(number: int, launch: Launch, row: Row) -> Row:
    """The row that then does its sums: it reads the scratch instead of that input, which may change meanwhile."""
    assert launch.scratch is not None
    inputs = (*launch.inputs[:number], *launch.inputs[number + 1 :])
    return replace(row, reads=(*inputs, launch.scratch), writes=launch.outputs, sums=True)


RowBuilder = Callable[[Launch, Program], tuple[Row, ...]]
"""What the kernel table holds for an operation: rows that run one after the other, each finished before the next."""


def word(value: Word) -> int:
    """A descriptor word: an integer as it is, a float as its float64 bits."""
    return value if isinstance(value, int) else struct.unpack("<q", struct.pack("<d", value))[0]


def place(buffer: Buffer) -> int:
    """Where a buffer begins, in float32 numbers from the start of the arena."""
    return buffer.offset_bytes // FLOAT_BYTES


def where(buffer: Buffer) -> Operand:
    """Where a buffer begins and how far apart its groups are."""
    return Operand(place(buffer), buffer.group_stride)

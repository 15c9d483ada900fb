"""Rows of the launch table: a kernel, the tile that it is specialised for, and its descriptor."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from netspec.ir.memory import FLOAT_BYTES
from netspec.kernels.cpu.language.descriptor import Operand, Word, words_of
from netspec.targets.cpu.program import Buffer, Launch, Program, Tile

Kernel = Any
"""A function decorated with `jit.kernel`: kernel(tile, arena, d, state, begin, end, thread)."""
Descriptor = tuple[Any, ...]
"""The `NamedTuple` that a kernel names in the type of `d`; see `descriptor.py`."""


@dataclass(frozen=True, slots=True)
class Row:
    """`units` of work, in any order, divided over the team of threads.

    With `per_group` there are `units` for each live lane group: the kernel's unit u is unit u % units of group
    u // units. A descriptor that the kernel does not read is a CompilerBug.
    `reads` and `writes` are all the memory that the row touches beside a thread's own scratch. A row that names none
    may touch all memory of its launch. Rows without a conflict may run concurrently (`runtime/cpu/phases.py`).
    The multiply-adds of a launch are divided over its rows with `sums` and those that name no memory.
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
    """The descriptor's words; a float is stored as float64 bits and read with `real(d, k)`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", words_of(self.kernel, self.descriptor))


def copying(number: int, launch: Launch, row: Row) -> Row:
    """`row`, declared to read input `number` of the launch and to write its scratch."""
    assert launch.scratch is not None
    return replace(row, reads=(launch.inputs[number],), writes=(launch.scratch,))


def after_copying(number: int, launch: Launch, row: Row) -> Row:
    """`row`, declared to read the launch's scratch in place of input `number` and to do its sums. That input may
    already be overwritten then."""
    assert launch.scratch is not None
    inputs = (*launch.inputs[:number], *launch.inputs[number + 1 :])
    return replace(row, reads=(*inputs, launch.scratch), writes=launch.outputs, sums=True)


RowBuilder = Callable[[Launch, Program], tuple[Row, ...]]
"""Builder of the rows of an operation's launch; each row begins after the one before has finished."""


def word(value: Word) -> int:
    """The int64 word of a descriptor field: an integer itself, a float's float64 bits."""
    return value if isinstance(value, int) else struct.unpack("<q", struct.pack("<d", value))[0]


def place(buffer: Buffer) -> int:
    """First element of a buffer: an index of the arena, in float32 elements."""
    return buffer.offset_bytes // FLOAT_BYTES


def where(buffer: Buffer) -> Operand:
    """The words of a buffer: first element and group stride."""
    return Operand(place(buffer), buffer.group_stride)

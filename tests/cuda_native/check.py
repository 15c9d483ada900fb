"""Faults of a watched launch: accesses outside of its memory, misaligned ones, and races.

A race is a pair of accesses of two threads to one place, one of them a write, without a barrier between them. Every
load and store of a watched kernel first calls `seen`, which keeps for each place the last writer, the readers since,
and the number of barriers and of the warp's `syncwarp`s at that time. Shuffles order no memory. Atomic operations are
checked for their address and alignment only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tests.cuda_native import memory
from tests.cuda_native.memory import (
    BASE,
    BLOCK_CODE,
    CONTROL,
    COPIES,
    COPY_FAULT,
    END,
    EPOCH,
    FAULT_WORDS,
    FAULTS,
    FIRST_FAULT,
    GRANULE_BITS,
    LOCAL_FAULT,
    MOST_FAULTS,
    RANGE_COUNT,
    RANGES,
    REGISTERS,
    SHARED,
    SPARE,
    THREAD,
    WARP_EPOCHS,
)
from tests.cuda_native.pointers import integers_at, longs_at, routine

READ, WRITE, ATOMIC = range(3)
"""Kinds of accesses."""
OUTSIDE, MISALIGNED, WRITTEN_TWICE, READ_AND_WRITTEN = range(4)
WORDS = ("outside of all ranges", "misaligned", "written by two threads", "read by one thread and written by another")

# A thread is a number: (block + 1) * 1024 + its number in the block; 0 is no thread. In shared memory the block is 0.
THREAD_BITS, WARP_BITS = 10, 5
# int32 words of a shadow cell
WRITER, WRITE_EPOCH, WRITE_WARP_EPOCH, READER, READ_EPOCH, READ_WARP_EPOCH, READERS = range(7)
CELL_BYTES = 32
ONE, OF_A_WARP, OF_A_BLOCK, OF_BLOCKS = range(4)
"""READERS: how far the threads are apart that have read since the last write; READER is the last of them."""
MOST_BLOCKS = (1 << 31 - THREAD_BITS) - 2


@routine
def _report(control, kind, address, mine, other):
    if control[FAULTS] < MOST_FAULTS:
        at = FIRST_FAULT + control[FAULTS] * FAULT_WORDS
        control[at], control[at + 1], control[at + 2], control[at + 3] = kind, address, mine, other
    control[FAULTS] += 1


@routine
def _ordered(mine, other, then, warp_then, epoch, warp_epoch):
    """Whether a barrier is between an access of another thread then and one of mine now."""
    if mine == other:
        return True
    if mine >> THREAD_BITS != other >> THREAD_BITS:
        return False
    return then != epoch or (mine >> WARP_BITS == other >> WARP_BITS and warp_then != warp_epoch)


@routine
def _reads_ordered(cell, mine, epoch, warp_epoch):
    """Whether a barrier is between the reads since the last write and a write of mine now."""
    reader, apart = cell[READER], cell[READERS]
    if reader == 0:
        return True
    if apart == OF_BLOCKS or mine >> THREAD_BITS != reader >> THREAD_BITS:
        return False
    if cell[READ_EPOCH] != epoch or (apart == ONE and reader == mine):
        return True
    same_warp = apart <= OF_A_WARP and mine >> WARP_BITS == reader >> WARP_BITS
    return same_warp and cell[READ_WARP_EPOCH] != warp_epoch


@routine
def _note_read(cell, mine, epoch, warp_epoch):
    reader, apart = cell[READER], cell[READERS]
    same_block = reader >> THREAD_BITS == mine >> THREAD_BITS
    if reader == 0 or (apart != OF_BLOCKS and same_block and cell[READ_EPOCH] != epoch):
        apart = ONE
    elif not same_block:
        apart = OF_BLOCKS
    elif reader >> WARP_BITS != mine >> WARP_BITS:
        apart = max(apart, OF_A_BLOCK)
    elif reader != mine:
        apart = max(apart, OF_A_WARP)
    cell[READER], cell[READERS] = mine, apart
    cell[READ_EPOCH], cell[READ_WARP_EPOCH] = epoch, warp_epoch


@routine
def _touch(control, cell, address, mine, kind):
    """Compares an access with those before it, and notes it."""
    epoch = control[EPOCH]
    warp_epoch = control[WARP_EPOCHS + ((mine >> WARP_BITS) & 31)]
    writer = cell[WRITER]
    if writer != 0 and not _ordered(mine, writer, cell[WRITE_EPOCH], cell[WRITE_WARP_EPOCH], epoch, warp_epoch):
        _report(control, WRITTEN_TWICE if kind == WRITE else READ_AND_WRITTEN, address, mine, writer)
    if kind == READ:
        _note_read(cell, mine, epoch, warp_epoch)
        return
    if not _reads_ordered(cell, mine, epoch, warp_epoch):
        _report(control, READ_AND_WRITTEN, address, mine, cell[READER] if cell[READERS] == ONE else 0)
    cell[WRITER], cell[WRITE_EPOCH], cell[WRITE_WARP_EPOCH], cell[READER] = mine, epoch, warp_epoch, 0


@routine
def _range_of(control, address, size):
    """The address of the range that contains an access, or 0."""
    rows, low, high = control[RANGES], 0, control[RANGE_COUNT]
    while low < high:
        middle = (low + high) >> 1
        if longs_at(rows + 24 * middle)[0] <= address:
            low = middle + 1
        else:
            high = middle
    if low == 0 or address + size > longs_at(rows + 24 * (low - 1))[1]:
        return 0
    return rows + 24 * (low - 1)


@routine
def note(address, size, align, kind):
    """Notes an access of the current thread; the address to use, which is SPARE for a faulty access."""
    control = longs_at(CONTROL)
    if BASE <= address < SHARED or COPIES <= address < END:  # the runner's own
        return address
    thread = integers_at(REGISTERS)[THREAD]
    mine = control[BLOCK_CODE] << THREAD_BITS | thread
    row = _range_of(control, address, size)
    if row == 0:
        _report(control, OUTSIDE, address, mine, 0)
        return SPARE
    if address & (align - 1):
        _report(control, MISALIGNED, address, mine, 0)
        return SPARE
    if kind == ATOMIC:
        return address
    first, shadow, bits = longs_at(row)[0], longs_at(row)[2], control[GRANULE_BITS]
    if first == SHARED:
        mine = 1 << THREAD_BITS | thread  # blocks are ordered by their epochs
    for place in range((address - first) >> bits, ((address + size - 1 - first) >> bits) + 1):
        _touch(control, integers_at(shadow + CELL_BYTES * place), address, mine, kind)
    return address


def seen(address, size_and_align, kind, own):
    """Host function of each access of a watched kernel; its second word is size * 256 + alignment, in bytes. `own`: the
    access is to memory of the thread alone."""
    return address if own else note(address, size_and_align >> 8, size_and_align & 255, kind)


Range = tuple[int, int, str]
"""address, bytes, name"""


class Watch:
    """The memory that a watched launch may touch, with its shadow cells, and the faults that were found.

    Ranges that overlap become one. `granule_bytes` is the size of the kernel's narrowest access.
    """

    def __init__(self, ranges: Iterable[Range], shared_bytes: int, granule_bytes: int) -> None:
        self._named = sorted(each for each in (*ranges, (SHARED, shared_bytes, "shared")) if each[1] > 0)
        merged: list[list[int]] = []
        for first, size_bytes, _ in self._named:
            if merged and first < merged[-1][1]:
                merged[-1][1] = max(merged[-1][1], first + size_bytes)
            else:
                merged.append([first, first + size_bytes])
        cells = [(end - first) // granule_bytes + 2 for first, end in merged]
        self._shadows = [np.zeros(count * CELL_BYTES // 4, np.int32) for count in cells]
        rows = [[*each, shadow.ctypes.data] for each, shadow in zip(merged, self._shadows, strict=True)]
        self._rows = np.array(rows, np.int64).reshape(-1, 3)
        control = memory.control
        control[[FAULTS, LOCAL_FAULT, COPY_FAULT]] = 0
        control[RANGES], control[RANGE_COUNT] = self._rows.ctypes.data, len(rows)
        control[GRANULE_BITS] = granule_bytes.bit_length() - 1

    def faults(self) -> tuple[str, ...]:
        """A line for the first fault of each kind in each range."""
        count, lines = int(memory.control[FAULTS]), dict[tuple[int, str], str]()
        for number in range(min(count, MOST_FAULTS)):
            at = FIRST_FAULT + number * FAULT_WORDS
            kind, address, mine, other = memory.control[at : at + FAULT_WORDS].tolist()
            name, offset = self._place(address)
            threads = [_thread_name(thread, in_shared=name == "shared") for thread in (mine, other) if thread]
            lines.setdefault((kind, name), f"{name} + {offset:#x} {WORDS[kind]}: {' and '.join(threads)}")
        total = (f"{count} faulty accesses",) if count else ()
        local = ("an access outside of a local array",) if memory.control[LOCAL_FAULT] else ()
        return (*total, *lines.values(), *local)

    def _place(self, address: int) -> tuple[str, int]:
        """The name of a range and the offset in it, in bytes; for an address outside, the range before it."""
        before = [each for each in self._named if each[0] <= address]
        inside = [each for each in before if address < each[0] + each[1]]
        candidates: Sequence[Any] = inside or before[-1:]
        return (candidates[0][2], address - candidates[0][0]) if candidates else ("address", address)


def _thread_name(thread: int, *, in_shared: bool) -> str:
    block, number = (thread >> THREAD_BITS) - 1, thread & 1023
    return f"thread {number}" if in_shared else f"thread {number} of block {block}"

"""Offsets of slots in the arena: largest first, each at the lowest gap that is free during its whole lifetime."""

from __future__ import annotations

from collections.abc import Iterable

from netspec.schedule.gaps import Occupancy
from netspec.schedule.slots import FOREVER, Slot

ALIGNMENT_BYTES = 64


def rounded(size_bytes: int, alignment_bytes: int = ALIGNMENT_BYTES) -> int:
    """`size_bytes` rounded up to a multiple of `alignment_bytes`."""
    return -(-size_bytes // alignment_bytes) * alignment_bytes


def place_slots(slots: list[Slot], alignment_bytes: int = ALIGNMENT_BYTES) -> int:
    """Sets the offset of every slot, a multiple of `alignment_bytes`, and returns the size of the arena in bytes.

    Slots that live before and after the step come first in the arena and share no memory. The others are placed behind
    them by falling size, each at the lowest gap between placed slots that are live at the same time.
    """
    top = 0
    for slot in slots:
        if slot.end == FOREVER and slot.begin < 0:
            slot.offset_bytes = top
            top += rounded(slot.size_bytes, alignment_bytes)
    passing = sorted(
        (slot for slot in slots if slot.offset_bytes < 0), key=lambda slot: (-slot.size_bytes, slot.begin, slot.end)
    )
    ranks = _ranks(passing)
    taken, peak = Occupancy(len(ranks)), top
    for slot in passing:
        first, last, size_bytes = ranks[slot.begin], ranks[slot.end], rounded(slot.size_bytes, alignment_bytes)
        slot.offset_bytes = taken.room(first, last, top, size_bytes)
        taken.take(first, last, slot.offset_bytes, slot.offset_bytes + size_bytes)
        peak = max(peak, slot.offset_bytes + size_bytes)
    return peak


def _ranks(slots: Iterable[Slot]) -> dict[int, int]:
    """Ranks of the launches where slots begin or end, in order."""
    times = sorted({time for slot in slots for time in (slot.begin, slot.end)})
    return {time: rank for rank, time in enumerate(times)}

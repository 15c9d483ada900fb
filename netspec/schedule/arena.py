"""Offsets in the arena: the largest slots first, each in the lowest gap that is free for as long as it is needed."""

from __future__ import annotations

from collections.abc import Iterable

from netspec.schedule.gaps import Occupancy
from netspec.schedule.slots import FOREVER, Slot

ALIGNMENT_BYTES = 64


def rounded(size_bytes: int) -> int:
    """The next multiple of 64 bytes."""
    return -(-size_bytes // ALIGNMENT_BYTES) * ALIGNMENT_BYTES


def place_slots(slots: list[Slot]) -> int:
    """Gives every slot its offset and returns the bytes of the whole arena.

    Slots that outlive the step stand at the front. The others share what is behind: by falling size, each takes the
    lowest gap between the slots already placed that are live at the same time.
    """
    top = 0
    for slot in slots:
        if slot.end == FOREVER and slot.begin < 0:
            slot.offset_bytes = top
            top += rounded(slot.size_bytes)
    passing = sorted(
        (slot for slot in slots if slot.offset_bytes < 0), key=lambda slot: (-slot.size_bytes, slot.begin, slot.end)
    )
    ranks = _ranks(passing)
    taken, peak = Occupancy(len(ranks)), top
    for slot in passing:
        first, last, size_bytes = ranks[slot.begin], ranks[slot.end], rounded(slot.size_bytes)
        slot.offset_bytes = taken.room(first, last, top, size_bytes)
        taken.take(first, last, slot.offset_bytes, slot.offset_bytes + size_bytes)
        peak = max(peak, slot.offset_bytes + size_bytes)
    return peak


def _ranks(slots: Iterable[Slot]) -> dict[int, int]:
    """The launches where slots begin or end, numbered in order."""
    times = sorted({time for slot in slots for time in (slot.begin, slot.end)})
    return {time: rank for rank, time in enumerate(times)}

"""Offsets in the arena: the largest slots first, each in the lowest gap that is free for as long as it is needed."""

from __future__ import annotations

from bisect import insort

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
    passing = [slot for slot in slots if slot.offset_bytes < 0]
    base = peak = top
    placed: list[tuple[int, int, int, int]] = []
    for slot in sorted(passing, key=lambda slot: (-slot.size_bytes, slot.begin, slot.end)):
        slot.offset_bytes = _lowest_gap(placed, slot, base)
        end_bytes = slot.offset_bytes + rounded(slot.size_bytes)
        insort(placed, (slot.offset_bytes, end_bytes, slot.begin, slot.end))
        peak = max(peak, end_bytes)
    return peak


def _lowest_gap(placed: list[tuple[int, int, int, int]], slot: Slot, base: int) -> int:
    """Where `slot` fits first; `placed` holds (offset, end, first launch, last launch), sorted by offset."""
    free = base
    size, begin, end = rounded(slot.size_bytes), slot.begin, slot.end
    for offset_bytes, end_bytes, first, last in placed:
        if last < begin or end < first:
            continue
        if offset_bytes - free >= size:
            return free
        if end_bytes > free:
            free = end_bytes
    return free

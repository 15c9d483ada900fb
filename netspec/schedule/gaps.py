"""Occupied bytes of the arena per launch, and the search for gaps: a segment tree over the launches.

A node of the tree is a run of launches. It keeps two sets of bytes: those occupied throughout its run, and those
occupied in at least one of its launches. A span of launches is the union of a few nodes, so a query reads a few sets
instead of all slots.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence


class _Bytes:
    """A set of bytes as sorted intervals that neither overlap nor touch."""

    __slots__ = ("begins", "ends")

    def __init__(self) -> None:
        self.begins: list[int] = []
        self.ends: list[int] = []

    def add(self, begin: int, end: int) -> None:
        """Adds the bytes begin … end - 1."""
        first, last = bisect_left(self.ends, begin), bisect_right(self.begins, end)
        if first < last:
            begin, end = min(begin, self.begins[first]), max(end, self.ends[last - 1])
        self.begins[first:last], self.ends[first:last] = (begin,), (end,)

    def hold(self, begin: int, end: int) -> bool:
        """Whether all bytes begin … end - 1 are in the set."""
        i = bisect_left(self.ends, end)
        return i < len(self.begins) and self.begins[i] <= begin

    def room(self, begin: int, size: int) -> int:
        """The lowest offset from `begin` on where `size` bytes are free."""
        i = bisect_right(self.ends, begin)
        while i < len(self.begins) and self.begins[i] < begin + size:
            begin = self.ends[i]
            i += 1
        return begin


class Occupancy:
    """Occupied bytes of the arena, per launch. Times are ranks 0 … times - 1."""

    def __init__(self, times: int) -> None:
        self._leaves = 1 << max(times - 1, 0).bit_length()
        self._throughout = defaultdict[int, _Bytes](_Bytes)
        self._sometime = defaultdict[int, _Bytes](_Bytes)

    def take(self, first: int, last: int, begin: int, end: int) -> None:
        """Occupies bytes begin … end - 1 at times first … last, both included."""
        for node in self._parts(first, last):
            self._throughout[node].add(begin, end)
            self._mark(node, begin, end)

    def room(self, first: int, last: int, begin: int, size: int) -> int:
        """The lowest offset from `begin` on where `size` bytes are free at all times first … last, both included."""
        parts = self._parts(first, last)
        taken = [self._sometime[node] for node in parts if node in self._sometime]
        taken += [self._throughout[node] for node in self._above(parts, first, last) if node in self._throughout]
        found, settled = begin, 0
        while settled < len(taken):
            settled = 0
            for each in taken:
                place = each.room(found, size)
                settled = settled + 1 if place == found else 1
                found = place
        return found

    def _mark(self, node: int, begin: int, end: int) -> None:
        """Adds bytes to the set "occupied at some time" of a node and of its ancestors. Stops at a node that has them:
        its ancestors have them too."""
        while node:
            taken = self._sometime[node]
            if taken.hold(begin, end):
                return
            taken.add(begin, end)
            node >>= 1

    def _parts(self, first: int, last: int) -> list[int]:
        """The nodes whose runs together are the span first … last; the root is 1, the children of k are 2k, 2k + 1."""
        nodes: list[int] = []
        low, high = first + self._leaves, last + self._leaves + 1
        while low < high:
            if low & 1:
                nodes.append(low)
                low += 1
            if high & 1:
                high -= 1
                nodes.append(high)
            low, high = low >> 1, high >> 1
        return nodes

    def _above(self, parts: Sequence[int], first: int, last: int) -> set[int]:
        """Proper ancestors of a span's nodes. Each reaches beyond the span: it is above the first or the last leaf."""
        inside, above = frozenset(parts), set[int]()
        for leaf in (first, last):
            node = leaf + self._leaves
            while node not in inside:
                node >>= 1
            node >>= 1
            while node and node not in above:
                above.add(node)
                node >>= 1
        return above

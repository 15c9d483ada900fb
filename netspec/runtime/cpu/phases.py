"""When rows may run at the same time: phases, with a meeting of the team between them.

Two rows disturb each other when one writes memory that the other reads or writes. Rows of a unit for each lane group
are divided among the threads by groups where those can be divided evenly: then what one row writes of a group the next
finds written by its own thread. A row's phase comes after those of all earlier rows of which another thread's part
disturbs its own, and no earlier; within a phase every thread keeps the order of its parts. So running phase after
phase leaves the same numbers in memory as running row after row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

import numpy as np

from netspec.ir.counts import launch_macs
from netspec.ir.memory import FLOAT_BYTES
from netspec.kernels.cpu.language.rows import Row
from netspec.targets.cpu.program import Buffer, Launch

LINE_BYTES = 64
"""Buffers begin at such multiples; the last vector of one may reach up to the next."""
FLOPS_A_NANOSECOND = 60.0
BYTES_A_NANOSECOND = 20.0
MEETING_NANOSECONDS = 1000.0
"""Roughly, what a core computes and moves, and what a meeting costs. They decide who does what, never a
bit of it."""


class Place(NamedTuple):
    """Memory that a row reads or writes, in bytes of the arena. `group_bytes` apart lie the parts of the lane groups,
    of which a unit touches that of its own group; 0 where any unit may touch everything."""

    begin: int
    end: int
    group_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Task:
    """A row, the places that it reads and writes, and about how long it takes one thread."""

    row: Row
    reads: tuple[Place, ...]
    writes: tuple[Place, ...]
    nanoseconds: float


def launch_tasks(launch: Launch, rows: Sequence[Row], batch: int) -> tuple[Task, ...]:
    """The rows of a launch for a full batch."""
    scratch = (launch.scratch,) if launch.scratch else ()
    touched = (*launch.inputs, *launch.outputs, *scratch)
    told = [
        row if row.reads or row.writes else replace(row, reads=touched, writes=(*launch.outputs, *scratch), sums=True)
        for row in rows
    ]
    flops = 2 * batch * launch_macs(launch) / max(1, sum(row.sums for row in told))
    return tuple(row_task(row, flops if row.sums else 0.0) for row in told)


def row_task(row: Row, flops: float = 0.0) -> Task:
    """A row that names all it touches."""
    reads, writes = (tuple(_place(buffer, row) for buffer in buffers) for buffers in (row.reads, row.writes))
    moved = sum(place.end - place.begin for place in {*reads, *writes})
    return Task(row, reads, writes, max(flops / FLOPS_A_NANOSECOND, moved / BYTES_A_NANOSECOND))


def _place(buffer: Buffer, row: Row) -> Place:
    end = -(-(buffer.offset_bytes + buffer.size_bytes) // LINE_BYTES) * LINE_BYTES
    return Place(buffer.offset_bytes, end, FLOAT_BYTES * buffer.group_stride if row.per_group else 0)


def phase_numbers(tasks: Sequence[Task], *, by_groups: bool) -> list[int]:
    """The phase of each task, from 0, where all rows that can be are divided `by_groups` or none is."""
    places = {place for task in tasks for place in (*task.reads, *task.writes)}
    ends = sorted({end for place in places for end in (place.begin, place.end)})
    piece = {end: k for k, end in enumerate(ends)}
    written, touched = _Trace(len(ends)), _Trace(len(ends))
    part = {
        place: (slice(piece[place.begin], piece[place.end]), division if by_groups else NOT_DIVIDED)
        for place, division in _divisions(places).items()
    }
    phases: list[int] = []
    for task in tasks:
        reads, writes = [part[place] for place in task.reads], [part[place] for place in task.writes]
        phase = max((*(written.free(*r) for r in reads), *(touched.free(*w) for w in writes)), default=0)
        for w in writes:
            written.mark(*w, phase)
        for touch in (*reads, *writes):
            touched.mark(*touch, phase)
        phases.append(phase)
    return phases


NOT_DIVIDED = -1


def _divisions(places: Iterable[Place]) -> dict[Place, int]:
    """Places divided by groups have the same number if and only if a group's part of one is the same memory as of the
    other."""
    numbers: dict[tuple[int, int], int] = {}
    return {
        place: numbers.setdefault((place.begin, place.group_bytes), len(numbers)) if place.group_bytes else NOT_DIVIDED
        for place in places
    }


class _Trace:
    """Of each piece of memory the last phase that touched it, and the division by groups of all that did so then."""

    def __init__(self, pieces: int) -> None:
        self._phase = np.full(pieces, -1)
        self._division = np.full(pieces, NOT_DIVIDED)

    def free(self, where: slice, division: int) -> int:
        """The first phase in which no other thread's touch from before can disturb one of this division."""
        apart = True if division == NOT_DIVIDED else self._division[where] != division
        return int((self._phase[where] + apart).max(initial=0))

    def mark(self, where: slice, division: int, phase: int) -> None:
        """Takes down a touch."""
        last, divisions = self._phase[where], self._division[where]
        divisions[(last == phase) & (divisions != division)] = NOT_DIVIDED
        divisions[last < phase] = division
        np.maximum(last, phase, out=last)


@dataclass(frozen=True, slots=True)
class Step:
    """What the team does in turn: the task of this number, each thread its count of a full batch's units, and then
    perhaps a meeting."""

    task: int
    counts: tuple[int, ...]
    meet: bool


def schedule(tasks: Sequence[Task], groups: int, threads: int) -> tuple[Step, ...]:
    """All tasks, phase by phase, for batches of `groups` lane groups. One thread keeps the order there is."""
    if threads == 1:
        return tuple(Step(k, (_units(task.row, groups),), k == len(tasks) - 1) for k, task in enumerate(tasks))
    numbers = phase_numbers(tasks, by_groups=divides_groups(groups, threads))
    ordered = sorted(range(len(tasks)), key=numbers.__getitem__)
    phases = [tuple(members) for _, members in groupby(ordered, key=numbers.__getitem__)]
    alone = _alone([sum(tasks[k].nanoseconds for k in phase) for phase in phases])
    steps: list[Step] = []
    for number, phase in enumerate(phases):
        counts = _counts([tasks[k] for k in phase], groups, 1 if alone[number] else threads)
        last = number == len(phases) - 1
        meet = last or not (alone[number] and alone[number + 1])
        steps += [
            Step(k, (*count, *[0] * (threads - len(count))), meet and k == phase[-1])
            for k, count in zip(phase, counts, strict=True)
        ]
    return tuple(steps)


def divides_groups(groups: int, threads: int) -> bool:
    """Whether each thread can take as many whole lane groups."""
    return threads > 1 and groups % threads == 0


def _alone(nanoseconds: Sequence[float]) -> list[bool]:
    """Which phases the first thread does alone: those that take less than a meeting, next to another such, for between
    the two nobody has to meet."""
    short = [False, *(time < MEETING_NANOSECONDS for time in nanoseconds), False]
    beside = [before or after for before, after in zip(short, short[2:], strict=False)]
    return [own and other for own, other in zip(short[1:], beside, strict=False)]


def _counts(tasks: Sequence[Task], groups: int, threads: int) -> list[tuple[int, ...]]:
    """Units of each task for each thread. What cannot be split evenly goes where there is least to do; long units
    first."""
    units = [_units(task.row, groups) for task in tasks]
    cost = [task.nanoseconds / max(1, count) for task, count in zip(tasks, units, strict=True)]
    load = [0.0] * threads
    counts: list[tuple[int, ...]] = [()] * len(tasks)
    for k in sorted(range(len(tasks)), key=lambda k: -cost[k]):
        each, rest = divmod(units[k], threads)
        idle = sorted(range(threads), key=load.__getitem__)[:rest]
        counts[k] = tuple(each + (thread in idle) for thread in range(threads))
        load = [time + cost[k] * count for time, count in zip(load, counts[k], strict=True)]
    return counts


def _units(row: Row, groups: int) -> int:
    return row.units * groups if row.per_group else row.units


def meetings(steps: Sequence[Step]) -> int:
    """How often the team meets in one run of all steps."""
    return sum(step.meet for step in steps)

"""Phases: sets of rows that may run concurrently, with a barrier of the team between phases.

Two rows conflict where one writes memory that the other reads or writes. Rows with units per lane group are divided
among the threads by groups where the groups divide evenly. A thread then reads of a group only what it wrote itself. A
row is in the earliest phase after all earlier rows that conflict with it across threads; within a phase each thread
runs its parts in order. So running phase by phase leaves the same numbers in memory as running row by row.
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
"""Alignment of buffers; the last vector of a buffer may extend to the next multiple."""
FLOPS_A_NANOSECOND = 60.0
BYTES_A_NANOSECOND = 20.0
BARRIER_NANOSECONDS = 1000.0
"""Rough speed of one core in computing and moving, and cost of a barrier. They decide the division of work, never a bit
of a result."""


class Place(NamedTuple):
    """Memory that a row reads or writes: arena bytes begin … end - 1. `group_bytes` is the stride of lane groups where
    a unit touches its own group's part alone; 0 where any unit may touch everything."""

    begin: int
    end: int
    group_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Task:
    """A row, the memory that it reads and writes, and its estimated time on one thread."""

    row: Row
    reads: tuple[Place, ...]
    writes: tuple[Place, ...]
    nanoseconds: float


def launch_tasks(launch: Launch, rows: Sequence[Row], batch: int) -> tuple[Task, ...]:
    """The tasks of a launch's rows, for a full batch."""
    scratch = (launch.scratch,) if launch.scratch else ()
    touched = (*launch.inputs, *launch.outputs, *scratch)
    told = [
        row if row.reads or row.writes else replace(row, reads=touched, writes=(*launch.outputs, *scratch), sums=True)
        for row in rows
    ]
    flops = 2 * batch * launch_macs(launch) / max(1, sum(row.sums for row in told))
    return tuple(row_task(row, flops if row.sums else 0.0) for row in told)


def row_task(row: Row, flops: float = 0.0) -> Task:
    """The task of a row that names all memory it touches; `flops` is its share of the launch."""
    reads, writes = (tuple(_place(buffer, row) for buffer in buffers) for buffers in (row.reads, row.writes))
    moved = sum(place.end - place.begin for place in {*reads, *writes})
    return Task(row, reads, writes, max(flops / FLOPS_A_NANOSECOND, moved / BYTES_A_NANOSECOND))


def _place(buffer: Buffer, row: Row) -> Place:
    end = -(-(buffer.offset_bytes + buffer.size_bytes) // LINE_BYTES) * LINE_BYTES
    return Place(buffer.offset_bytes, end, FLOAT_BYTES * buffer.group_stride if row.per_group else 0)


def phase_numbers(tasks: Sequence[Task], *, by_groups: bool) -> list[int]:
    """The phase of each task, from 0. `by_groups`: rows with units per lane group are divided by groups."""
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
    """A number for each place: equal for two places divided by groups if and only if each group's part is the same
    memory in both; `NOT_DIVIDED` for all others."""
    numbers: dict[tuple[int, int], int] = {}
    return {
        place: numbers.setdefault((place.begin, place.group_bytes), len(numbers)) if place.group_bytes else NOT_DIVIDED
        for place in places
    }


class _Trace:
    """For each piece of memory, the last phase that touched it, and the division by groups of those touches."""

    def __init__(self, pieces: int) -> None:
        self._phase = np.full(pieces, -1)
        self._division = np.full(pieces, NOT_DIVIDED)

    def free(self, where: slice, division: int) -> int:
        """The first phase in which a touch of this division conflicts with no earlier touch of another thread."""
        apart = True if division == NOT_DIVIDED else self._division[where] != division
        return int((self._phase[where] + apart).max(initial=0))

    def mark(self, where: slice, division: int, phase: int) -> None:
        """Records a touch."""
        last, divisions = self._phase[where], self._division[where]
        divisions[(last == phase) & (divisions != division)] = NOT_DIVIDED
        divisions[last < phase] = division
        np.maximum(last, phase, out=last)


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the schedule: the index of a task, the number of a full batch's units of each thread, and whether a
    barrier follows."""

    task: int
    counts: tuple[int, ...]
    barrier: bool


def schedule(tasks: Sequence[Task], groups: int, threads: int) -> tuple[Step, ...]:
    """All tasks, phase by phase, for batches of `groups` lane groups. One thread runs them in the given order."""
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
        barrier = last or not (alone[number] and alone[number + 1])
        steps += [
            Step(k, (*count, *[0] * (threads - len(count))), barrier and k == phase[-1])
            for k, count in zip(phase, counts, strict=True)
        ]
    return tuple(steps)


def divides_groups(groups: int, threads: int) -> bool:
    """Whether several threads can take equal numbers of whole lane groups."""
    return threads > 1 and groups % threads == 0


def _alone(nanoseconds: Sequence[float]) -> list[bool]:
    """The phases that the first thread runs alone: those shorter than a barrier and next to another short one, since
    the two need no barrier between them."""
    short = [False, *(time < BARRIER_NANOSECONDS for time in nanoseconds), False]
    beside = [before or after for before, after in zip(short, short[2:], strict=False)]
    return [own and other for own, other in zip(short[1:], beside, strict=False)]


def _counts(tasks: Sequence[Task], groups: int, threads: int) -> list[tuple[int, ...]]:
    """Units of each task for each thread. A remainder of units goes to the least loaded threads, tasks with long units
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


def barriers(steps: Sequence[Step]) -> int:
    """Number of barriers in one run of all steps."""
    return sum(step.barrier for step in steps)

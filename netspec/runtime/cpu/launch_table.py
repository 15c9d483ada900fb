"""The launch table, a program in the driver's form: one row of words per kernel call, which point to descriptors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from netspec.kernels.cpu.channels.rows import CHANNEL_KERNELS
from netspec.kernels.cpu.language.rows import Row, word
from netspec.kernels.cpu.language.tile import tile_shape
from netspec.kernels.cpu.table import KERNELS
from netspec.runtime.cache import CodeCache
from netspec.runtime.cpu.driver import (
    ADDRESS,
    BARRIER,
    DESCRIPTOR,
    DIVISION,
    GROUPS_OF_UNITS,
    ROW_WORDS,
    SHARE_BITS,
    SHARES,
    UNITS,
    UNITS_OF_GROUPS,
    UNITS_ONCE,
)
from netspec.runtime.cpu.native import kernel_address, link_kernels
from netspec.runtime.cpu.phases import Task, divides_groups, launch_tasks, schedule
from netspec.targets.cpu.program import Launch, Program

Words = NDArray[np.int64]


def launch_rows(program: Program) -> tuple[Row, ...]:
    """The rows of all launches, in order."""
    return tuple(task.row for task in program_tasks(program))


def program_tasks(program: Program) -> tuple[Task, ...]:
    """The tasks of all launches, in order."""
    return tuple(task for launch in program.launches for task in one_launch(launch, program))


def one_launch(launch: Launch, program: Program) -> tuple[Task, ...]:
    """The tasks of one launch, in order."""
    table = KERNELS if program.layout == "images" else CHANNEL_KERNELS
    return launch_tasks(launch, table[type(launch.operation)](launch, program), program.batch)


class LaunchTable:
    """Tasks in native form, ordered and divided for a team of `threads`. It owns the arrays that its words point to."""

    def __init__(self, tasks: Sequence[Task], program: Program, threads: int, cache: CodeCache) -> None:
        steps = schedule(tasks, program.groups, threads)
        rows = [tasks[step.task].row for step in steps]
        of_groups = GROUPS_OF_UNITS if divides_groups(program.groups, threads) else UNITS_OF_GROUPS
        kernels = [(row.kernel, tile_shape(row.tile, program.target)) for row in rows]
        link_kernels(kernels, cache)
        self._descriptors = tuple(np.array([*map(word, row.words), 0], np.int64) for row in rows)
        self._shares = tuple(_shares(step.counts) for step in steps)
        self.words: Words = np.zeros((len(rows), ROW_WORDS), np.int64)
        for number, (row, step) in enumerate(zip(rows, steps, strict=True)):
            self.words[number, ADDRESS] = kernel_address(*kernels[number], cache)
            self.words[number, DESCRIPTOR] = self._descriptors[number].ctypes.data
            self.words[number, SHARES] = self._shares[number].ctypes.data
            self.words[number, [UNITS, BARRIER]] = row.units, step.barrier
            self.words[number, DIVISION] = of_groups if row.per_group else UNITS_ONCE
        self.rows, self.address = len(rows), self.words.ctypes.data


def _shares(counts: Sequence[int]) -> Words:
    """Beginnings of the threads' shares, and the end of the last one, in 2**-SHARE_BITS of the whole.

    They are rounded up, so that each thread gets its count of a full batch's units.
    """
    units, before, shares = max(1, sum(counts)), 0, [0]
    for count in counts:
        before += count
        shares.append(-(-(before << SHARE_BITS) // units))
    return np.array(shares, np.int64)

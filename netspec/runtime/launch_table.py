"""A program as the native driver reads it: one row of words a kernel call, and the descriptors that they point to."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from netspec.ir.program import Program
from netspec.kernels.cpu.rows import Row, word
from netspec.kernels.cpu.table import KERNELS
from netspec.kernels.cpu.tile import TileShape
from netspec.runtime.cache import CodeCache
from netspec.runtime.driver import ADDRESS, DESCRIPTOR, PER_GROUP, ROW_WORDS, UNITS
from netspec.runtime.native import kernel_address, link_kernels

Words = NDArray[np.int64]


def launch_rows(program: Program) -> tuple[Row, ...]:
    """The rows of all launches, in order."""
    return tuple(row for launch in program.launches for row in KERNELS[type(launch.operation)](launch, program))


class LaunchTable:
    """Rows in native form. The arrays behind the addresses live as long as this does."""

    def __init__(self, rows: Iterable[Row], lanes: int, cache: CodeCache) -> None:
        self.rows = tuple(rows)
        link_kernels(((row.kernel, _shape(row, lanes)) for row in self.rows), cache)
        self._descriptors = _descriptors(self.rows)
        self.words: Words = np.zeros((len(self.rows), ROW_WORDS), np.int64)
        for number, (row, words) in enumerate(zip(self.rows, self._descriptors, strict=True)):
            self.words[number, ADDRESS] = kernel_address(row.kernel, _shape(row, lanes), cache)
            self.words[number, DESCRIPTOR] = words.ctypes.data
            self.words[number, UNITS] = row.units
            self.words[number, PER_GROUP] = row.per_group


def _descriptors(rows: tuple[Row, ...]) -> tuple[Words, ...]:
    return tuple(np.array([*map(word, row.words), 0], np.int64) for row in rows)


def _shape(row: Row, lanes: int) -> TileShape:
    return TileShape(row.tile.rows, row.tile.columns, lanes)

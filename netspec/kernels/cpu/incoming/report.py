"""Report of a step to its caller: the sums of losses and of correct answers over its images."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from typing import NamedTuple

from netspec.kernels.cpu.language.descriptor import Words, places
from netspec.kernels.cpu.language.jit import kernel
from netspec.kernels.cpu.language.memory import store_real, words_at
from netspec.kernels.cpu.language.rows import Row, place
from netspec.kernels.cpu.language.state import METRICS
from netspec.targets.cpu.program import Program, Tile

NAMES = ("loss", "correct")
"""the reported outputs, in this order"""
ABSENT = -1


class Report(NamedTuple):
    """Words of `report`: first element of each output in `NAMES`, `ABSENT` where the program has none."""

    sums: tuple[int, ...]


REPORT = places(Report)


def report_rows(program: Program) -> tuple[Row, ...]:
    """A row that copies the sums to state[METRICS]; none where the program has neither."""
    outputs = {value.name for value in program.outputs}
    sums = {name: program.buffers[name] for name in NAMES if name in outputs}
    if not sums:
        return ()
    words = Report(sums=tuple(place(sums[name]) if name in sums else ABSENT for name in NAMES))
    return (Row(report, Tile(1, 1), words, 1, reads=tuple(sums.values())),)


@kernel
def report(tile, arena, d: Words[Report], state, begin, end, thread):
    """Unit: both sums."""
    metrics = words_at(state[METRICS])
    for k in range(2):
        if d[REPORT.sums + k] != ABSENT:
            store_real(metrics, k, arena[d[REPORT.sums + k]])

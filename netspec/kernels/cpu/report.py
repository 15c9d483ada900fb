"""What a step tells its caller: the sums over its images of the loss and of the correct answers."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from netspec.ir.program import Program, Tile
from netspec.kernels.cpu.jit import kernel
from netspec.kernels.cpu.memory import store_real, words_at
from netspec.kernels.cpu.rows import Row, place
from netspec.kernels.cpu.state import METRICS

NAMES = ("loss", "correct")
"""the outputs that are told, in this order"""
ABSENT = -1


def report_rows(program: Program) -> tuple[Row, ...]:
    """Copies those of the two sums that the program has to the address in the state."""
    outputs = {value.name for value in program.outputs}
    sums = {name: program.buffers[name] for name in NAMES if name in outputs}
    if not sums:
        return ()
    words = tuple(place(sums[name]) if name in sums else ABSENT for name in NAMES)
    return (Row(report, Tile(1, 1), words, 1, reads=tuple(sums.values())),)


@kernel
def report(tile, arena, d, state, begin, end, thread):
    """Unit: both sums."""
    metrics = words_at(state[METRICS])
    for k in range(2):
        if d[k] != ABSENT:
            store_real(metrics, k, arena[d[k]])

"""Zeros in an activation that the kernels after it write only in part."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from netspec.ir.program import Buffer, Program
from netspec.kernels.cpu.elementwise import FIRST_WORD, block, elementwise_row, where
from netspec.kernels.cpu.jit import kernel
from netspec.kernels.cpu.rows import Row
from netspec.kernels.cpu.tile import lanes
from netspec.kernels.cpu.vector import splat, store

X, X_STRIDE = range(FIRST_WORD, FIRST_WORD + 2)


@kernel
def clear(tile, arena, d, state, begin, end, thread):
    for unit in range(begin, end):
        group, first, last = block(tile, d, unit)
        x = d[X] + group * d[X_STRIDE]
        for i in range(first, last, lanes(tile)):
            store(arena, x + i, splat(tile, 0.0))


def clear_row(x: Buffer, program: Program) -> Row:
    """A row that fills `x` with zeros."""
    return elementwise_row(clear, program, x, where(x))

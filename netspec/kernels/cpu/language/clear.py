"""Zero fill of an activation that later kernels write only in part."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import NamedTuple

from netspec.kernels.cpu.language.descriptor import Operand, Words, places
from netspec.kernels.cpu.language.elementwise import Cut, block, cut, elementwise_row
from netspec.kernels.cpu.language.jit import kernel
from netspec.kernels.cpu.language.rows import Row, where
from netspec.kernels.cpu.language.tile import lanes
from netspec.kernels.cpu.language.vector import splat, store
from netspec.targets.cpu.program import Buffer, Program


class Cleared(NamedTuple):
    """Words of `clear`."""

    cut: Cut
    x: Operand


CLEARED = places(Cleared)


@kernel
def clear(tile, arena, d: Words[Cleared], state, begin, end, thread):
    for unit in range(begin, end):
        group, first, last = block(tile, d, unit)
        x = d[CLEARED.x.place] + group * d[CLEARED.x.group]
        for i in range(first, last, lanes(tile)):
            store(arena, x + i, splat(tile, 0.0))


def clear_row(x: Buffer, program: Program) -> Row:
    """One row: fills `x` with zeros."""
    return elementwise_row(clear, program, x, Cleared(cut=cut(x, program), x=where(x)))

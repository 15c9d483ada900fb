"""The numbers that change from step to step, such as the learning rate, to where the step reads them."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from typing import NamedTuple

from netspec.kernels.cpu.language.descriptor import Words, places
from netspec.kernels.cpu.language.jit import kernel
from netspec.kernels.cpu.language.memory import real, words_at
from netspec.kernels.cpu.language.rows import Row, place
from netspec.kernels.cpu.language.state import SCALARS
from netspec.targets.cpu.program import Program, Tile


class TakenScalar(NamedTuple):
    """Words of `take_scalar`: where in the arena the number of a column goes."""

    into: int
    column: int


TAKEN = places(TakenScalar)


def scalar_rows(program: Program) -> tuple[Row, ...]:
    """A row for each of `program.scalars`."""
    buffers = [program.buffers[value.name] for value in program.scalars]
    return tuple(
        Row(take_scalar, Tile(1, 1), TakenScalar(into=place(buffer), column=column), 1, writes=(buffer,))
        for column, buffer in enumerate(buffers)
    )


@kernel
def take_scalar(tile, arena, d: Words[TakenScalar], state, begin, end, thread):
    """Unit: the number."""
    arena[d[TAKEN.into]] = real(words_at(state[SCALARS]), d[TAKEN.column])

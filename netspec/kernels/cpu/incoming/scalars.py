"""Copy of the scalars that change from step to step, such as the learning rate, into the arena."""
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
    """Words of `take_scalar`: the arena index that scalar `column` is copied to."""

    into: int
    column: int


TAKEN = places(TakenScalar)


def scalar_rows(program: Program) -> tuple[Row, ...]:
    """One row for each of `program.scalars`."""
    buffers = [program.buffers[value.name] for value in program.scalars]
    return tuple(
        Row(take_scalar, Tile(1, 1), TakenScalar(into=place(buffer), column=column), 1, writes=(buffer,))
        for column, buffer in enumerate(buffers)
    )


@kernel
def take_scalar(tile, arena, d: Words[TakenScalar], state, begin, end, thread):
    """One unit: the scalar."""
    arena[d[TAKEN.into]] = real(words_at(state[SCALARS]), d[TAKEN.column])

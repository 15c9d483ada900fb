"""How kernels that treat every number alike divide their work: blocks of consecutive vectors, of one lane group each.

An unbatched array counts as one group of vectors. Its last vector may reach past its end, into the padding that fills
its 64 bytes, and no further.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import NamedTuple

from netspec.kernels.cpu.language.descriptor import places
from netspec.kernels.cpu.language.jit import routine
from netspec.kernels.cpu.language.rows import Descriptor, Kernel, Row
from netspec.kernels.cpu.language.tile import lanes
from netspec.targets.cpu.program import Buffer, Program, Tile

BLOCK = 64
"""vectors a unit of work"""


class Cut(NamedTuple):
    """The first words of each such kernel: vectors of a group, and blocks of them."""

    vectors: int
    blocks: int


CUT = places(Cut)


def cut(like: Buffer, program: Program) -> Cut:
    """The blocks of a buffer."""
    count = vectors(like, program)
    return Cut(count, -(-count // BLOCK))


def vectors(buffer: Buffer, program: Program) -> int:
    """Vectors from the first to the last of one group of a batched buffer, any between its planes included, or those
    that hold the whole of an unbatched one."""
    value = buffer.value
    if not value.batched:
        return -(-value.elements // program.target.lanes)
    return value.shape[0] * plane_vectors(buffer, program) if value.shape else 1


def plane_vectors(buffer: Buffer, program: Program) -> int:
    """Vectors from one channel of a batched buffer to the next."""
    return buffer.plane_stride // program.target.lanes


def elementwise_row(kernel: Kernel, program: Program, like: Buffer, descriptor: Descriptor) -> Row:
    """A row whose units are the blocks of `like`, by which the descriptor is cut."""
    units = cut(like, program).blocks
    return Row(kernel, Tile(1, 1), descriptor, units, per_group=like.value.batched)


@routine
def block(tile, d, unit):
    """group, begin, end of a unit: its numbers are begin … end of the group, whole vectors."""
    group = unit // d[CUT.blocks]
    first = (unit - group * d[CUT.blocks]) * BLOCK
    return group, first * lanes(tile), min(first + BLOCK, d[CUT.vectors]) * lanes(tile)

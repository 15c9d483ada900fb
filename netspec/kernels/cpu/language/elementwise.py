"""Units of work of elementwise kernels: blocks of consecutive vectors of one lane group.

An unbatched array is one group of vectors. Its last vector may extend past the last element, but only into the padding
to 64 bytes.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import NamedTuple

from netspec.kernels.cpu.language.descriptor import places
from netspec.kernels.cpu.language.jit import routine
from netspec.kernels.cpu.language.rows import Descriptor, Kernel, Row
from netspec.kernels.cpu.language.tile import lanes
from netspec.targets.cpu.program import Buffer, Program, Tile

BLOCK = 64
"""vectors per unit of work"""


class Cut(NamedTuple):
    """First words of every elementwise kernel: vectors per group, and blocks per group."""

    vectors: int
    blocks: int


CUT = places(Cut)


def cut(like: Buffer, program: Program) -> Cut:
    """The words of a buffer that is divided into blocks."""
    count = vectors(like, program)
    return Cut(count, -(-count // BLOCK))


def vectors(buffer: Buffer, program: Program) -> int:
    """Vectors of one group of a batched buffer, padding between its planes included; of an unbatched buffer, all
    vectors, the last one perhaps partial."""
    value = buffer.value
    if not value.batched:
        return -(-value.elements // program.target.lanes)
    return value.shape[0] * plane_vectors(buffer, program) if value.shape else 1


def plane_vectors(buffer: Buffer, program: Program) -> int:
    """Channel stride of a batched buffer, in vectors."""
    return buffer.plane_stride // program.target.lanes


def elementwise_row(kernel: Kernel, program: Program, like: Buffer, descriptor: Descriptor) -> Row:
    """A row whose units are the blocks of `like`; the descriptor must begin with `cut(like, program)`."""
    units = cut(like, program).blocks
    return Row(kernel, Tile(1, 1), descriptor, units, per_group=like.value.batched)


@routine
def block(tile, d, unit):
    """(group, begin, end) of a unit: float32 elements begin … end - 1 of that group, whole vectors."""
    group = unit // d[CUT.blocks]
    first = (unit - group * d[CUT.blocks]) * BLOCK
    return group, first * lanes(tile), min(first + BLOCK, d[CUT.vectors]) * lanes(tile)

"""How kernels that treat every number alike divide their work: blocks of consecutive vectors, of one lane group each.

An unbatched array counts as one group of vectors. Its last vector may reach past its end, into the padding that fills
its 64 bytes, and no further.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from netspec.ir.program import Buffer, Program, Tile
from netspec.kernels.cpu.jit import routine
from netspec.kernels.cpu.rows import Kernel, Row, Word, place
from netspec.kernels.cpu.tile import lanes

BLOCK = 64
"""vectors a unit of work"""

VECTORS = 0
BLOCKS = 1
FIRST_WORD = 2
"""where the kernel's own words begin"""


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


def where(buffer: Buffer) -> tuple[int, int]:
    """The words of a buffer: where it begins and how far apart its groups are."""
    return place(buffer), buffer.group_stride


def elementwise_row(kernel: Kernel, program: Program, like: Buffer, words: tuple[Word, ...]) -> Row:
    """A row whose units are the blocks of `like`; the kernel finds `words` from FIRST_WORD on."""
    count = vectors(like, program)
    blocks = -(-count // BLOCK)
    return Row(kernel, Tile(1, 1), (count, blocks, *words), blocks, per_group=like.value.batched)


@routine
def block(tile, d, unit):
    """group, begin, end of a unit: its numbers are begin … end of the group, whole vectors."""
    group = unit // d[BLOCKS]
    first = (unit - group * d[BLOCKS]) * BLOCK
    return group, first * lanes(tile), min(first + BLOCK, d[VECTORS]) * lanes(tile)

"""Add, Concatenate and Slice. A Reshape shares its input's memory and has no row."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportGeneralTypeIssues=false, reportOperatorIssue=false

from collections.abc import Sequence
from typing import NamedTuple

from netspec.kernels.cpu.language.descriptor import Operand, Words, places, width
from netspec.kernels.cpu.language.elementwise import BLOCK, Cut, block, cut, elementwise_row, plane_vectors, vectors
from netspec.kernels.cpu.language.jit import kernel
from netspec.kernels.cpu.language.rows import Row, place, where
from netspec.kernels.cpu.language.tile import lanes
from netspec.kernels.cpu.language.vector import load, store
from netspec.targets.cpu.program import Buffer, Launch, Program, Tile


class Added(NamedTuple):
    """Words of `add`; only the first `count` of `terms`, of which there are at least two, are added."""

    cut: Cut
    y: Operand
    count: int
    terms: tuple[Operand, ...]


ADDED = places(Added)


@kernel
def add(tile, arena, d: Words[Added], state, begin, end, thread):
    """y = the sum of the terms, from left to right; y may be any of them."""
    terms = d[ADDED.count]
    for unit in range(begin, end):
        group, first, last = block(tile, d, unit)
        y = d[ADDED.y.place] + group * d[ADDED.y.group]
        a, b = d[ADDED.terms] + group * d[ADDED.terms + 1], d[ADDED.terms + 2] + group * d[ADDED.terms + 3]
        if terms == 2:
            for i in range(first, last, lanes(tile)):
                store(arena, y + i, load(tile, arena, a + i) + load(tile, arena, b + i))
        else:
            for i in range(first, last, lanes(tile)):
                total = load(tile, arena, a + i)
                for k in range(ADDED.terms + 2, ADDED.terms + 2 * terms, 2):
                    total += load(tile, arena, d[k] + group * d[k + 1] + i)
                store(arena, y + i, total)


class Piece(NamedTuple):
    """One source of `copy`: vectors per group, number of its first block, and offset in a group of the result."""

    source: Operand
    vectors: int
    block: int
    target: int


class Copied(NamedTuple):
    """Words of `copy`; `blocks` counts the blocks of all pieces."""

    result: Operand
    blocks: int
    count: int
    pieces: tuple[Piece, ...]


COPIED, PIECE = places(Copied), places(Piece)
PIECE_WORDS = width(Piece)


@kernel
def copy(tile, arena, d: Words[Copied], state, begin, end, thread):
    """Copies the pieces one after another into y. Unit: a block of one piece."""
    for unit in range(begin, end):
        group = unit // d[COPIED.blocks]
        number = unit - group * d[COPIED.blocks]
        p = COPIED.pieces
        while (
            p + PIECE_WORDS < COPIED.pieces + d[COPIED.count] * PIECE_WORDS
            and number >= d[p + PIECE_WORDS + PIECE.block]
        ):
            p += PIECE_WORDS
        first = (number - d[p + PIECE.block]) * BLOCK
        last = min(first + BLOCK, d[p + PIECE.vectors])
        x = d[p + PIECE.source.place] + group * d[p + PIECE.source.group]
        y = d[COPIED.result.place] + group * d[COPIED.result.group] + d[p + PIECE.target]
        for i in range(first * lanes(tile), last * lanes(tile), lanes(tile)):
            store(arena, y + i, load(tile, arena, x + i))


def add_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    y, terms = launch.outputs[0], launch.inputs
    padding = () if len(terms) > 1 else (Operand(0, 0),)
    words = Added(cut=cut(y, program), y=where(y), count=len(terms), terms=(*map(where, terms), *padding))
    return (elementwise_row(add, program, y, words),)


def _copy_row(program: Program, sources: Sequence[tuple[Buffer, int, int]], y: Buffer) -> tuple[Row, ...]:
    """A row that copies `sources` one after another into y; each is (buffer, first vector in a group, vectors)."""
    pieces: list[Piece] = []
    blocks = filled = 0
    lanes_ = program.target.lanes
    for x, first, count in sources:
        source = Operand(place(x) + first * lanes_, x.group_stride)
        pieces.append(Piece(source=source, vectors=count, block=blocks, target=filled * lanes_))
        blocks, filled = blocks - (-count // BLOCK), filled + count
    words = Copied(result=where(y), blocks=blocks, count=len(pieces), pieces=tuple(pieces))
    return (Row(copy, Tile(1, 1), words, blocks, per_group=True),)


def concatenate_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    return _copy_row(program, [(x, 0, vectors(x, program)) for x in launch.inputs], launch.outputs[0])


def slice_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    (x,), (y,), operation = launch.inputs, launch.outputs, launch.operation
    plane = plane_vectors(x, program)
    return _copy_row(program, [(x, operation.begin * plane, (operation.end - operation.begin) * plane)], y)


def reshape_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    """No row: the plan gives both values the same memory."""
    assert where(launch.inputs[0]) == where(launch.outputs[0])
    return ()

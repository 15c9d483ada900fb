"""Branches meet and part: Add, Concatenate and Slice. A Reshape is the same memory and takes no work."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportGeneralTypeIssues=false

from collections.abc import Sequence

from netspec.ir.program import Buffer, Launch, Program, Tile
from netspec.kernels.cpu.elementwise import BLOCK, FIRST_WORD, block, elementwise_row, plane_vectors, vectors, where
from netspec.kernels.cpu.jit import kernel
from netspec.kernels.cpu.rows import Row
from netspec.kernels.cpu.tile import lanes
from netspec.kernels.cpu.vector import load, store

Y, Y_STRIDE, TERMS = range(FIRST_WORD, FIRST_WORD + 3)
FIRST_TERM = FIRST_WORD + 3
"""then two words a term: where it begins and how far apart its groups are"""


@kernel
def add(tile, arena, d, state, begin, end, thread):
    """From left to right. y may be any of the terms."""
    terms = d[TERMS]
    for unit in range(begin, end):
        group, first, last = block(tile, d, unit)
        y = d[Y] + group * d[Y_STRIDE]
        a, b = d[FIRST_TERM] + group * d[FIRST_TERM + 1], d[FIRST_TERM + 2] + group * d[FIRST_TERM + 3]
        if terms == 2:
            for i in range(first, last, lanes(tile)):
                store(arena, y + i, load(tile, arena, a + i) + load(tile, arena, b + i))
        else:
            for i in range(first, last, lanes(tile)):
                total = load(tile, arena, a + i)
                for k in range(FIRST_TERM + 2, FIRST_TERM + 2 * terms, 2):
                    total += load(tile, arena, d[k] + group * d[k + 1] + i)
                store(arena, y + i, total)


RESULT, RESULT_STRIDE, ALL_BLOCKS, PIECES = range(4)
FIRST_PIECE = 4
SOURCE, SOURCE_STRIDE, SOURCE_VECTORS, SOURCE_BLOCK, TARGET = range(5)
"""of a piece: its place, its vectors a group, the first block that is its, and where in a group of y it goes"""
PIECE_WORDS = 5


@kernel
def copy(tile, arena, d, state, begin, end, thread):
    """Pieces one after the other; a unit is a block of one of them."""
    for unit in range(begin, end):
        group = unit // d[ALL_BLOCKS]
        number = unit - group * d[ALL_BLOCKS]
        p = FIRST_PIECE
        while p + PIECE_WORDS < FIRST_PIECE + d[PIECES] * PIECE_WORDS and number >= d[p + PIECE_WORDS + SOURCE_BLOCK]:
            p += PIECE_WORDS
        first = (number - d[p + SOURCE_BLOCK]) * BLOCK
        last = min(first + BLOCK, d[p + SOURCE_VECTORS])
        x = d[p + SOURCE] + group * d[p + SOURCE_STRIDE]
        y = d[RESULT] + group * d[RESULT_STRIDE] + d[p + TARGET]
        for i in range(first * lanes(tile), last * lanes(tile), lanes(tile)):
            store(arena, y + i, load(tile, arena, x + i))


def add_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    y, terms = launch.outputs[0], launch.inputs
    places = (word for term in terms for word in where(term))
    padding = () if len(terms) > 1 else (0, 0)
    return (elementwise_row(add, program, y, (*where(y), len(terms), *places, *padding)),)


def _copy_row(program: Program, sources: Sequence[tuple[Buffer, int, int]], y: Buffer) -> tuple[Row, ...]:
    """A row that copies `sources`, each a buffer, the vector of a group where it begins and how many, to y in turn."""
    words: list[int] = []
    blocks = filled = 0
    lanes_ = program.target.lanes
    for x, first, count in sources:
        begin, stride = where(x)
        words += (begin + first * lanes_, stride, count, blocks, filled * lanes_)
        blocks, filled = blocks - (-count // BLOCK), filled + count
    return (Row(copy, Tile(1, 1), (*where(y), blocks, len(sources), *words), blocks, per_group=True),)


def concatenate_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    return _copy_row(program, [(x, 0, vectors(x, program)) for x in launch.inputs], launch.outputs[0])


def slice_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    (x,), (y,), operation = launch.inputs, launch.outputs, launch.operation
    plane = plane_vectors(x, program)
    return _copy_row(program, [(x, operation.begin * plane, (operation.end - operation.begin) * plane)], y)


def reshape_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    """None: the plan gives both values one place."""
    assert where(launch.inputs[0]) == where(launch.outputs[0])
    return ()

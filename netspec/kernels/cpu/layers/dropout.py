"""Dropout; the same kernel is its gradient. The mask depends on seed, stream, step, image and element alone."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import NamedTuple

from netspec.ir.random import keep_limit
from netspec.kernels.cpu.language.descriptor import Operand, Words, places
from netspec.kernels.cpu.language.elementwise import Cut, block, cut, elementwise_row
from netspec.kernels.cpu.language.jit import kernel, routine
from netspec.kernels.cpu.language.memory import real
from netspec.kernels.cpu.language.random import philox
from netspec.kernels.cpu.language.rows import Row, where
from netspec.kernels.cpu.language.state import SEED, STEP
from netspec.kernels.cpu.language.tile import lanes
from netspec.kernels.cpu.language.vector import at_most, lane_numbers, load, select, splat_integer, store
from netspec.targets.cpu.program import Launch, Program

WORDS_A_COUNTER = 4


class Dropped(NamedTuple):
    """Words of `dropout`; `bound` is the largest random word that keeps its element."""

    cut: Cut
    x: Operand
    y: Operand
    scale: float
    stream: int
    bound: int


DROPPED = places(Dropped)


@routine
def _keep(tile, arena, x, y, i, end, word, bound, scale):
    if i < end:
        store(arena, y + i, select(at_most(word, bound), load(tile, arena, x + i) * scale, 0.0))


@kernel
def dropout(tile, arena, d: Words[Dropped], state, begin, end, thread):
    step, scale, bound = lanes(tile), real(d, DROPPED.scale), d[DROPPED.bound]
    for unit in range(begin, end):
        group, first, last = block(tile, d, unit)
        x, y = d[DROPPED.x.place] + group * d[DROPPED.x.group], d[DROPPED.y.place] + group * d[DROPPED.y.group]
        images = lane_numbers(tile) + group * step
        time, stream = splat_integer(tile, state[STEP]), splat_integer(tile, d[DROPPED.stream])
        for i in range(first, last, WORDS_A_COUNTER * step):
            counter = splat_integer(tile, i // (WORDS_A_COUNTER * step))
            words = philox(counter, images, time, stream, state[SEED])
            _keep(tile, arena, x, y, i, last, words[0], bound, scale)
            _keep(tile, arena, x, y, i + step, last, words[1], bound, scale)
            _keep(tile, arena, x, y, i + 2 * step, last, words[2], bound, scale)
            _keep(tile, arena, x, y, i + 3 * step, last, words[3], bound, scale)


def dropout_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    operation, (x,), (y,) = launch.operation, launch.inputs, launch.outputs
    scale, bound = 1.0 / (1.0 - operation.probability), keep_limit(operation.probability) - 1
    words = Dropped(cut=cut(y, program), x=where(x), y=where(y), scale=scale, stream=operation.stream, bound=bound)
    return (elementwise_row(dropout, program, y, words),)

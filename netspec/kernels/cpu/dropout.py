"""Dropout, the same for its gradient. Its mask is a function of seed, stream, step, image and element alone."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from netspec.ir.program import Launch, Program
from netspec.ir.random import keep_limit
from netspec.kernels.cpu.elementwise import FIRST_WORD, block, elementwise_row, where
from netspec.kernels.cpu.jit import kernel, routine
from netspec.kernels.cpu.memory import real
from netspec.kernels.cpu.random import philox
from netspec.kernels.cpu.rows import Row
from netspec.kernels.cpu.state import SEED, STEP
from netspec.kernels.cpu.tile import lanes
from netspec.kernels.cpu.vector import at_most, lane_numbers, load, select, splat_integer, store

X, X_STRIDE, Y, Y_STRIDE, SCALE, STREAM, BOUND = range(FIRST_WORD, FIRST_WORD + 7)
"""BOUND: the largest word that keeps its element"""

WORDS_A_COUNTER = 4


@routine
def _keep(tile, arena, x, y, i, end, word, bound, scale):
    if i < end:
        store(arena, y + i, select(at_most(word, bound), load(tile, arena, x + i) * scale, 0.0))


@kernel
def dropout(tile, arena, d, state, begin, end, thread):
    step, scale, bound = lanes(tile), real(d, SCALE), d[BOUND]
    for unit in range(begin, end):
        group, first, last = block(tile, d, unit)
        x, y = d[X] + group * d[X_STRIDE], d[Y] + group * d[Y_STRIDE]
        images = lane_numbers(tile) + group * step
        time, stream = splat_integer(tile, state[STEP]), splat_integer(tile, d[STREAM])
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
    words = (*where(x), *where(y), scale, operation.stream, bound)
    return (elementwise_row(dropout, program, y, words),)

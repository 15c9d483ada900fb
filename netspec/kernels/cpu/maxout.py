"""Maxout: the largest of neighbouring channels; its gradient goes to the first largest. A unit is a channel of y."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from netspec.ir.program import Buffer, Launch, Program, Tile
from netspec.kernels.cpu.elementwise import where
from netspec.kernels.cpu.jit import kernel
from netspec.kernels.cpu.rows import Kernel, Row
from netspec.kernels.cpu.tile import lanes
from netspec.kernels.cpu.vector import load, maximum, select, splat, store

CHANNELS, POSITIONS, PIECES, X, X_STRIDE, Y, Y_STRIDE, DY, DY_STRIDE, DX, DX_STRIDE = range(11)


@kernel
def maxout(tile, arena, d, state, begin, end, thread):
    plane, pieces = d[POSITIONS] * lanes(tile), d[PIECES]
    for unit in range(begin, end):
        group = unit // d[CHANNELS]
        c = unit - group * d[CHANNELS]
        x, y = d[X] + group * d[X_STRIDE] + c * pieces * plane, d[Y] + group * d[Y_STRIDE] + c * plane
        for i in range(0, plane, lanes(tile)):
            best = load(tile, arena, x + i)
            for piece in range(1, pieces):
                best = maximum(load(tile, arena, x + piece * plane + i), best)
            store(arena, y + i, best)


@kernel
def maxout_gradient(tile, arena, d, state, begin, end, thread):
    plane, pieces = d[POSITIONS] * lanes(tile), d[PIECES]
    for unit in range(begin, end):
        group = unit // d[CHANNELS]
        c = unit - group * d[CHANNELS]
        x, y = d[X] + group * d[X_STRIDE] + c * pieces * plane, d[Y] + group * d[Y_STRIDE] + c * plane
        dy, dx = d[DY] + group * d[DY_STRIDE] + c * plane, d[DX] + group * d[DX_STRIDE] + c * pieces * plane
        for i in range(0, plane, lanes(tile)):
            largest, left = load(tile, arena, y + i), load(tile, arena, dy + i)
            for piece in range(pieces):
                mine = load(tile, arena, x + piece * plane + i) == largest
                store(arena, dx + piece * plane + i, select(mine, left, 0.0))
                left = select(mine, splat(tile, 0.0), left)


def _row(kernel_: Kernel, launch: Launch, y: Buffer, *others: Buffer) -> tuple[Row, ...]:
    channels = y.value.shape[0]
    places = (word for buffer in (launch.inputs[0], y, *others) for word in where(buffer))
    words = (channels, y.value.elements // channels, launch.operation.pieces, *places)
    return (Row(kernel_, Tile(1, 1), words, channels, per_group=True),)


def maxout_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    return _row(maxout, launch, launch.outputs[0])


def maxout_gradient_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    return _row(maxout_gradient, launch, *launch.inputs[1:], launch.outputs[0])

"""Softmax over the channels of each position, and its gradient. A unit is a position."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from netspec.ir.program import Launch, Program, Tile
from netspec.kernels.cpu.elementwise import where
from netspec.kernels.cpu.jit import kernel
from netspec.kernels.cpu.rows import Kernel, Row
from netspec.kernels.cpu.tile import lanes
from netspec.kernels.cpu.vector import fma, load, maximum, splat, store
from netspec.kernels.cpu.vector_math import exp

CHANNELS, POSITIONS, X, X_STRIDE, Y, Y_STRIDE = range(6)
SAVED, SAVED_STRIDE, DY, DY_STRIDE, DX, DX_STRIDE = range(2, 8)


@kernel
def softmax(tile, arena, d, state, begin, end, thread):
    channels, plane = d[CHANNELS], d[POSITIONS] * lanes(tile)
    for unit in range(begin, end):
        group = unit // d[POSITIONS]
        corner = (unit - group * d[POSITIONS]) * lanes(tile)
        x, y = d[X] + group * d[X_STRIDE] + corner, d[Y] + group * d[Y_STRIDE] + corner
        largest = load(tile, arena, x)
        for c in range(1, channels):
            largest = maximum(load(tile, arena, x + c * plane), largest)
        total = splat(tile, 0.0)
        for c in range(channels):
            power = exp(load(tile, arena, x + c * plane) - largest)
            store(arena, y + c * plane, power)
            total += power
        share = 1.0 / total
        for c in range(channels):
            store(arena, y + c * plane, load(tile, arena, y + c * plane) * share)


@kernel
def softmax_gradient(tile, arena, d, state, begin, end, thread):
    """dx = y * (dy - sum of y * dy)"""
    channels, plane = d[CHANNELS], d[POSITIONS] * lanes(tile)
    for unit in range(begin, end):
        group = unit // d[POSITIONS]
        corner = (unit - group * d[POSITIONS]) * lanes(tile)
        y, dy = d[SAVED] + group * d[SAVED_STRIDE] + corner, d[DY] + group * d[DY_STRIDE] + corner
        dx = d[DX] + group * d[DX_STRIDE] + corner
        total = splat(tile, 0.0)
        for c in range(channels):
            total = fma(load(tile, arena, y + c * plane), load(tile, arena, dy + c * plane), total)
        for c in range(channels):
            share = load(tile, arena, dy + c * plane) - total
            store(arena, dx + c * plane, load(tile, arena, y + c * plane) * share)


def _row(kernel_: Kernel, launch: Launch) -> tuple[Row, ...]:
    channels = launch.inputs[0].value.shape[0]
    positions = launch.inputs[0].value.elements // channels
    places = (word for buffer in (*launch.inputs, *launch.outputs) for word in where(buffer))
    return (Row(kernel_, Tile(1, 1), (channels, positions, *places), positions, per_group=True),)


def softmax_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    return _row(softmax, launch)


def softmax_gradient_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    return _row(softmax_gradient, launch)

"""Softmax over the channels of each position, and its gradient. A unit is a position."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import NamedTuple

from netspec.kernels.cpu.language.descriptor import Operand, Words, places
from netspec.kernels.cpu.language.jit import kernel
from netspec.kernels.cpu.language.rows import Row, where
from netspec.kernels.cpu.language.tile import lanes
from netspec.kernels.cpu.language.vector import fma, load, maximum, splat, store
from netspec.kernels.cpu.language.vector_math import exp
from netspec.targets.cpu.program import Launch, Program, Tile


class Softmax(NamedTuple):
    """Words of `softmax`."""

    channels: int
    positions: int
    x: Operand
    y: Operand


class SoftmaxGradient(NamedTuple):
    """Words of `softmax_gradient`; `saved` is y."""

    channels: int
    positions: int
    saved: Operand
    dy: Operand
    dx: Operand


SOFTMAX, GRADIENT = places(Softmax), places(SoftmaxGradient)


@kernel
def softmax(tile, arena, d: Words[Softmax], state, begin, end, thread):
    channels, plane = d[SOFTMAX.channels], d[SOFTMAX.positions] * lanes(tile)
    for unit in range(begin, end):
        group = unit // d[SOFTMAX.positions]
        corner = (unit - group * d[SOFTMAX.positions]) * lanes(tile)
        x = d[SOFTMAX.x.place] + group * d[SOFTMAX.x.group] + corner
        y = d[SOFTMAX.y.place] + group * d[SOFTMAX.y.group] + corner
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
def softmax_gradient(tile, arena, d: Words[SoftmaxGradient], state, begin, end, thread):
    """dx = y * (dy - sum of y * dy)"""
    channels, plane = d[GRADIENT.channels], d[GRADIENT.positions] * lanes(tile)
    for unit in range(begin, end):
        group = unit // d[GRADIENT.positions]
        corner = (unit - group * d[GRADIENT.positions]) * lanes(tile)
        y = d[GRADIENT.saved.place] + group * d[GRADIENT.saved.group] + corner
        dy = d[GRADIENT.dy.place] + group * d[GRADIENT.dy.group] + corner
        dx = d[GRADIENT.dx.place] + group * d[GRADIENT.dx.group] + corner
        total = splat(tile, 0.0)
        for c in range(channels):
            total = fma(load(tile, arena, y + c * plane), load(tile, arena, dy + c * plane), total)
        for c in range(channels):
            share = load(tile, arena, dy + c * plane) - total
            store(arena, dx + c * plane, load(tile, arena, y + c * plane) * share)


def softmax_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    (x,), (y,) = launch.inputs, launch.outputs
    channels, positions = _sizes(launch)
    words = Softmax(channels=channels, positions=positions, x=where(x), y=where(y))
    return (Row(softmax, Tile(1, 1), words, positions, per_group=True),)


def softmax_gradient_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    (y, dy), (dx,) = launch.inputs, launch.outputs
    channels, positions = _sizes(launch)
    words = SoftmaxGradient(channels=channels, positions=positions, saved=where(y), dy=where(dy), dx=where(dx))
    return (Row(softmax_gradient, Tile(1, 1), words, positions, per_group=True),)


def _sizes(launch: Launch) -> tuple[int, int]:
    """Channels and positions."""
    value = launch.inputs[0].value
    return value.shape[0], value.elements // value.shape[0]

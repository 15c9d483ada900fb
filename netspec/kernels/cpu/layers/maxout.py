"""Maxout: the maximum over neighbouring channels, NaN where one is NaN. Its gradient goes to the first maximum, or
the first NaN. A unit is a channel of y."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import NamedTuple

from netspec.kernels.cpu.language.descriptor import Operand, Words, places
from netspec.kernels.cpu.language.jit import kernel
from netspec.kernels.cpu.language.rows import Row, where
from netspec.kernels.cpu.language.tile import lanes
from netspec.kernels.cpu.language.vector import load, select, splat, store
from netspec.targets.cpu.program import Buffer, Launch, Program, Tile


class Maxout(NamedTuple):
    """Words of `maxout`; channels and positions are those of y."""

    channels: int
    positions: int
    pieces: int
    x: Operand
    y: Operand


class MaxoutGradient(NamedTuple):
    """Words of `maxout_gradient`."""

    forward: Maxout
    dy: Operand
    dx: Operand


MAXOUT, GRADIENT = places(Maxout), places(MaxoutGradient)


@kernel
def maxout(tile, arena, d: Words[Maxout], state, begin, end, thread):
    plane, pieces = d[MAXOUT.positions] * lanes(tile), d[MAXOUT.pieces]
    for unit in range(begin, end):
        group = unit // d[MAXOUT.channels]
        c = unit - group * d[MAXOUT.channels]
        x = d[MAXOUT.x.place] + group * d[MAXOUT.x.group] + c * pieces * plane
        y = d[MAXOUT.y.place] + group * d[MAXOUT.y.group] + c * plane
        for i in range(0, plane, lanes(tile)):
            best = load(tile, arena, x + i)
            for piece in range(1, pieces):
                mine = load(tile, arena, x + piece * plane + i)
                best = select((mine > best) | (mine != mine), mine, best)
            store(arena, y + i, best)


@kernel
def maxout_gradient(tile, arena, d: Words[MaxoutGradient], state, begin, end, thread):
    plane, pieces = d[GRADIENT.forward.positions] * lanes(tile), d[GRADIENT.forward.pieces]
    for unit in range(begin, end):
        group = unit // d[GRADIENT.forward.channels]
        c = unit - group * d[GRADIENT.forward.channels]
        x = d[GRADIENT.forward.x.place] + group * d[GRADIENT.forward.x.group] + c * pieces * plane
        y = d[GRADIENT.forward.y.place] + group * d[GRADIENT.forward.y.group] + c * plane
        dy = d[GRADIENT.dy.place] + group * d[GRADIENT.dy.group] + c * plane
        dx = d[GRADIENT.dx.place] + group * d[GRADIENT.dx.group] + c * pieces * plane
        for i in range(0, plane, lanes(tile)):
            largest, left = load(tile, arena, y + i), load(tile, arena, dy + i)
            for piece in range(pieces):
                mine = load(tile, arena, x + piece * plane + i)
                chosen = (mine == largest) | (mine != mine)
                store(arena, dx + piece * plane + i, select(chosen, left, 0.0))
                left = select(chosen, splat(tile, 0.0), left)


def _forward(launch: Launch, x: Buffer, y: Buffer) -> Maxout:
    channels = y.value.shape[0]
    return Maxout(
        channels=channels,
        positions=y.value.elements // channels,
        pieces=launch.operation.pieces,
        x=where(x),
        y=where(y),
    )


def maxout_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    words = _forward(launch, launch.inputs[0], launch.outputs[0])
    return (Row(maxout, Tile(1, 1), words, words.channels, per_group=True),)


def maxout_gradient_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    (x, y, dy), (dx,) = launch.inputs, launch.outputs
    words = MaxoutGradient(forward=_forward(launch, x, y), dy=where(dy), dx=where(dx))
    return (Row(maxout_gradient, Tile(1, 1), words, words.forward.channels, per_group=True),)

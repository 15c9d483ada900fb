"""Local response normalisation across channels, and its gradient. A unit is as many positions as the tile has rows.

y = x * s^-beta with s = k + alpha/size * (sum of x^2 over the neighbouring channels). A unit first copies its positions
of all channels into the thread's scratch: in the activation they are a plane apart, perhaps all in one set of the
cache. The scratch also holds the terms that neighbouring channels need. The last unit may have fewer positions; the
missing ones in the scratch hold arbitrary numbers, which are computed with but never stored elsewhere.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import NamedTuple

from netspec.diagnostics.failure import CompilerBug
from netspec.ir.memory import FLOAT_BYTES
from netspec.kernels.cpu.language import vector
from netspec.kernels.cpu.language.descriptor import Operand, Words, places
from netspec.kernels.cpu.language.jit import kernel, routine
from netspec.kernels.cpu.language.memory import real
from netspec.kernels.cpu.language.products import accumulate
from netspec.kernels.cpu.language.rows import Row, where
from netspec.kernels.cpu.language.state import SCRATCH
from netspec.kernels.cpu.language.tile import lanes, rows, save, zeros
from netspec.kernels.cpu.language.vector import fma, store
from netspec.kernels.cpu.language.vector_math import inverse_three_quarters, power
from netspec.targets.cpu.program import Launch, Program


class ResponseNorm(NamedTuple):
    """First words of both kernels. The neighbours of c are channels c - below … c + above; `chunks` counts the units of
    a group; `share` is alpha/size, `base` is k."""

    channels: int
    positions: int
    chunks: int
    below: int
    above: int
    share: float
    beta: float
    base: float


class ResponseNormForward(NamedTuple):
    """Words of `local_response_norm`."""

    norm: ResponseNorm
    x: Operand
    y: Operand


class ResponseNormGradient(NamedTuple):
    """Words of `local_response_norm_gradient`."""

    norm: ResponseNorm
    x: Operand
    dy: Operand
    dx: Operand


NORM, FORWARD, GRADIENT = places(ResponseNorm), places(ResponseNormForward), places(ResponseNormGradient)


@routine
def _inverse_power(s, beta):
    """s^-beta; faster for AlexNet's beta, 3/4."""
    return inverse_three_quarters(s) if beta == 0.75 else power(s, -beta)


@routine
def _corner(tile, d, unit):
    """(group, begin, size) of a unit: offset of its positions in a plane, and how many float32 elements they fill."""
    group = unit // d[NORM.chunks]
    first = (unit - group * d[NORM.chunks]) * rows(tile)
    return group, first * lanes(tile), (min(first + rows(tile), d[NORM.positions]) - first) * lanes(tile)


@routine
def _gather(tile, arena, x, channels, plane, size, saved, squares):
    """Copies `size` numbers of every channel to `saved`, and their squares to `squares`."""
    row = rows(tile) * lanes(tile)
    for c in range(channels):
        for i in range(0, size, lanes(tile)):
            value = vector.load(tile, arena, x + c * plane + i)
            store(arena, saved + c * row + i, value)
            store(arena, squares + c * row + i, value * value)


@routine
def _neighbour_sums(tile, arena, terms, sums, channels, below, above):
    """The sums of `terms` over channels c - below … c + above, for each c."""
    step, row = lanes(tile), rows(tile) * lanes(tile)
    for c in range(channels):
        total = zeros(tile)
        for neighbour in range(max(0, c - below), min(channels, c + above + 1)):
            total = accumulate(total, arena, terms + neighbour * row, step, 0)
        save(total, arena, sums + c * row, step, 0, rows(tile))


@kernel
def local_response_norm(tile, arena, d: Words[ResponseNormForward], state, begin, end, thread):
    channels, plane, row = d[NORM.channels], d[NORM.positions] * lanes(tile), rows(tile) * lanes(tile)
    share, beta, base = real(d, NORM.share), real(d, NORM.beta), real(d, NORM.base)
    saved = state[SCRATCH]
    squares, sums = saved + channels * row, saved + 2 * channels * row
    for unit in range(begin, end):
        group, corner, size = _corner(tile, d, unit)
        x = d[FORWARD.x.place] + group * d[FORWARD.x.group] + corner
        y = d[FORWARD.y.place] + group * d[FORWARD.y.group] + corner
        _gather(tile, arena, x, channels, plane, size, saved, squares)
        _neighbour_sums(tile, arena, squares, sums, channels, d[NORM.below], d[NORM.above])
        for c in range(channels):
            for i in range(0, size, lanes(tile)):
                s = fma(vector.load(tile, arena, sums + c * row + i), share, base)
                own = vector.load(tile, arena, saved + c * row + i)
                store(arena, y + c * plane + i, own * _inverse_power(s, beta))


@kernel
def local_response_norm_gradient(tile, arena, d: Words[ResponseNormGradient], state, begin, end, thread):
    """dx[c] = dy[c] s[c]^-beta - 2 beta alpha/size x[c] * (sum of dy x s^(-beta-1) over all channels that have c as a
    neighbour)"""
    channels, plane, row = d[NORM.channels], d[NORM.positions] * lanes(tile), rows(tile) * lanes(tile)
    share, beta, base = real(d, NORM.share), real(d, NORM.beta), real(d, NORM.base)
    saved = state[SCRATCH]
    terms, sums, passed = saved + channels * row, saved + 2 * channels * row, saved + 3 * channels * row
    for unit in range(begin, end):
        group, corner, size = _corner(tile, d, unit)
        dy = d[GRADIENT.dy.place] + group * d[GRADIENT.dy.group] + corner
        dx = d[GRADIENT.dx.place] + group * d[GRADIENT.dx.group] + corner
        _gather(
            tile, arena, d[GRADIENT.x.place] + group * d[GRADIENT.x.group] + corner, channels, plane, size, saved, terms
        )
        _neighbour_sums(tile, arena, terms, sums, channels, d[NORM.below], d[NORM.above])
        for c in range(channels):
            for i in range(0, size, lanes(tile)):
                s = fma(vector.load(tile, arena, sums + c * row + i), share, base)
                through = vector.load(tile, arena, dy + c * plane + i) * _inverse_power(s, beta)
                store(arena, passed + c * row + i, through)
                store(arena, terms + c * row + i, through * vector.load(tile, arena, saved + c * row + i) / s)
        _neighbour_sums(tile, arena, terms, sums, channels, d[NORM.above], d[NORM.below])
        for c in range(channels):
            for i in range(0, size, lanes(tile)):
                factor = vector.load(tile, arena, saved + c * row + i) * (-2.0 * beta * share)
                total = vector.load(tile, arena, sums + c * row + i)
                store(arena, dx + c * plane + i, fma(factor, total, vector.load(tile, arena, passed + c * row + i)))


def _norm(launch: Launch, program: Program, arrays: int) -> ResponseNorm:
    """The first words, for a kernel whose scratch holds `arrays` arrays of a unit's size."""
    operation, x = launch.operation, launch.inputs[0].value
    needed_bytes = FLOAT_BYTES * arrays * x.shape[0] * launch.tile.rows * program.target.lanes
    if program.thread_bytes < needed_bytes:
        raise CompilerBug(f"`{launch.layer}` needs {needed_bytes} bytes a thread, found {program.thread_bytes}")
    positions = x.elements // x.shape[0]
    return ResponseNorm(
        channels=x.shape[0],
        positions=positions,
        chunks=-(-positions // launch.tile.rows),
        below=operation.size // 2,
        above=(operation.size - 1) // 2,
        share=operation.alpha / operation.size,
        beta=operation.beta,
        base=operation.k,
    )


def local_response_norm_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    (x,), (y,), norm = launch.inputs, launch.outputs, _norm(launch, program, arrays=3)
    words = ResponseNormForward(norm=norm, x=where(x), y=where(y))
    return (Row(local_response_norm, launch.tile, words, norm.chunks, per_group=True),)


def local_response_norm_gradient_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    (x, dy), (dx,), norm = launch.inputs, launch.outputs, _norm(launch, program, arrays=4)
    words = ResponseNormGradient(norm=norm, x=where(x), dy=where(dy), dx=where(dx))
    return (Row(local_response_norm_gradient, launch.tile, words, norm.chunks, per_group=True),)

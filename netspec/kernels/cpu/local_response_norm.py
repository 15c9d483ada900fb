"""Local response normalisation across channels, and its gradient. A unit is as many positions as the tile has rows.

With s = k + alpha/size * (sum of x^2 over the neighbourhood), y = x * s^-beta. A unit first brings its positions of all
channels together in the thread's scratch: in memory they lie a plane apart, which may put them all into the same set of
the cache. What its neighbours need of a channel stays there too. In the scratch the positions that a last, short unit
lacks hold anything: they are computed with and never stored elsewhere.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from netspec.diagnostics.failure import CompilerBug
from netspec.ir.program import Launch, Program
from netspec.kernels.cpu import vector
from netspec.kernels.cpu.elementwise import where
from netspec.kernels.cpu.jit import kernel, routine
from netspec.kernels.cpu.memory import real
from netspec.kernels.cpu.products import accumulate
from netspec.kernels.cpu.rows import Kernel, Row
from netspec.kernels.cpu.state import SCRATCH
from netspec.kernels.cpu.tile import lanes, rows, save, zeros
from netspec.kernels.cpu.vector import fma, store
from netspec.kernels.cpu.vector_math import inverse_three_quarters, power

CHANNELS, POSITIONS, CHUNKS, BELOW, ABOVE, SHARE, BETA, BASE = range(8)
"""a neighbourhood is channels c - BELOW … c + ABOVE; SHARE is alpha/size, BASE is k"""
X, X_STRIDE, Y, Y_STRIDE = range(8, 12)
DY, DY_STRIDE, DX, DX_STRIDE = range(10, 14)


@routine
def _inverse_power(s, beta):
    """s^-beta; beta 3/4, which AlexNet made the custom, is quicker."""
    return inverse_three_quarters(s) if beta == 0.75 else power(s, -beta)


@routine
def _corner(tile, d, unit):
    """group, begin, size of a unit: where its positions begin in a plane and how many numbers they take."""
    group = unit // d[CHUNKS]
    first = (unit - group * d[CHUNKS]) * rows(tile)
    return group, first * lanes(tile), (min(first + rows(tile), d[POSITIONS]) - first) * lanes(tile)


@routine
def _gather(tile, arena, x, channels, plane, size, saved, squares):
    """`saved` gets `size` numbers of every channel, `squares` their squares."""
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
def local_response_norm(tile, arena, d, state, begin, end, thread):
    channels, plane, row = d[CHANNELS], d[POSITIONS] * lanes(tile), rows(tile) * lanes(tile)
    share, beta, base = real(d, SHARE), real(d, BETA), real(d, BASE)
    saved = state[SCRATCH]
    squares, sums = saved + channels * row, saved + 2 * channels * row
    for unit in range(begin, end):
        group, corner, size = _corner(tile, d, unit)
        x, y = d[X] + group * d[X_STRIDE] + corner, d[Y] + group * d[Y_STRIDE] + corner
        _gather(tile, arena, x, channels, plane, size, saved, squares)
        _neighbour_sums(tile, arena, squares, sums, channels, d[BELOW], d[ABOVE])
        for c in range(channels):
            for i in range(0, size, lanes(tile)):
                s = fma(vector.load(tile, arena, sums + c * row + i), share, base)
                own = vector.load(tile, arena, saved + c * row + i)
                store(arena, y + c * plane + i, own * _inverse_power(s, beta))


@kernel
def local_response_norm_gradient(tile, arena, d, state, begin, end, thread):
    """dx[c] = dy[c] s[c]^-beta - 2 beta alpha/size x[c] * (sum of dy x s^(-beta-1) over the channels that c is near)"""
    channels, plane, row = d[CHANNELS], d[POSITIONS] * lanes(tile), rows(tile) * lanes(tile)
    share, beta, base = real(d, SHARE), real(d, BETA), real(d, BASE)
    saved = state[SCRATCH]
    terms, sums, passed = saved + channels * row, saved + 2 * channels * row, saved + 3 * channels * row
    for unit in range(begin, end):
        group, corner, size = _corner(tile, d, unit)
        dy, dx = d[DY] + group * d[DY_STRIDE] + corner, d[DX] + group * d[DX_STRIDE] + corner
        _gather(tile, arena, d[X] + group * d[X_STRIDE] + corner, channels, plane, size, saved, terms)
        _neighbour_sums(tile, arena, terms, sums, channels, d[BELOW], d[ABOVE])
        for c in range(channels):
            for i in range(0, size, lanes(tile)):
                s = fma(vector.load(tile, arena, sums + c * row + i), share, base)
                through = vector.load(tile, arena, dy + c * plane + i) * _inverse_power(s, beta)
                store(arena, passed + c * row + i, through)
                store(arena, terms + c * row + i, through * vector.load(tile, arena, saved + c * row + i) / s)
        _neighbour_sums(tile, arena, terms, sums, channels, d[ABOVE], d[BELOW])
        for c in range(channels):
            for i in range(0, size, lanes(tile)):
                factor = vector.load(tile, arena, saved + c * row + i) * (-2.0 * beta * share)
                total = vector.load(tile, arena, sums + c * row + i)
                store(arena, dx + c * plane + i, fma(factor, total, vector.load(tile, arena, passed + c * row + i)))


def _row(kernel_: Kernel, launch: Launch, program: Program, arrays: int) -> tuple[Row, ...]:
    """A row of a kernel that keeps `arrays` numbers in its scratch for each that it works on."""
    operation, x = launch.operation, launch.inputs[0].value
    needed_bytes = 4 * arrays * x.shape[0] * launch.tile.rows * program.target.lanes
    if program.thread_bytes < needed_bytes:
        raise CompilerBug(f"`{launch.layer}` needs {needed_bytes} bytes a thread, found {program.thread_bytes}")
    positions = x.elements // x.shape[0]
    chunks = -(-positions // launch.tile.rows)
    neighbourhood = (operation.size // 2, (operation.size - 1) // 2, operation.alpha / operation.size)
    places = (word for buffer in (*launch.inputs, *launch.outputs) for word in where(buffer))
    sizes = (x.shape[0], positions, chunks)
    words = (*sizes, *neighbourhood, float(operation.beta), float(operation.k), *places)
    return (Row(kernel_, launch.tile, words, chunks, per_group=True),)


def local_response_norm_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    return _row(local_response_norm, launch, program, arrays=3)


def local_response_norm_gradient_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    return _row(local_response_norm_gradient, launch, program, arrays=4)

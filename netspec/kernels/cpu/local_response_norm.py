"""Local response normalisation across channels, and its gradient. A unit is CHUNK neighbouring positions.

With s = k + alpha/size * (sum of x^2 over the neighbourhood), y = x * s^-beta. The gradient needs s^(-beta-1) of every
neighbour, so it first writes dy * x * s^(-beta-1) of its positions to the thread's scratch and then sums from there.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from netspec.diagnostics.failure import CompilerBug
from netspec.ir.program import Launch, Program, Tile
from netspec.kernels.cpu.elementwise import where
from netspec.kernels.cpu.jit import kernel, routine
from netspec.kernels.cpu.memory import real
from netspec.kernels.cpu.rows import Kernel, Row, Word
from netspec.kernels.cpu.state import SCRATCH
from netspec.kernels.cpu.tile import lanes
from netspec.kernels.cpu.vector import fma, load, splat, store
from netspec.kernels.cpu.vector_math import inverse_three_quarters, power

CHANNELS, POSITIONS, CHUNKS, BELOW, ABOVE, SHARE, BETA, BASE = range(8)
"""a neighbourhood is channels c - BELOW … c + ABOVE; SHARE is alpha/size, BASE is k"""
X, X_STRIDE, Y, Y_STRIDE = range(8, 12)
DY, DY_STRIDE, DX, DX_STRIDE = range(10, 14)

CHUNK = 8
"""positions a unit; the scratch of a thread is as many vectors a channel"""


@routine
def _inverse_power(s, beta):
    """s^-beta; beta 3/4, which AlexNet made the custom, takes square roots."""
    return inverse_three_quarters(s) if beta == 0.75 else power(s, -beta)


@routine
def _base(tile, arena, column, plane, first, last, share, base):
    """base + share * (sum of squares of channels first … last) at a position; `column` is channel 0 there."""
    squares = splat(tile, 0.0)
    for c in range(first, last):
        x = load(tile, arena, column + c * plane)
        squares = fma(x, x, squares)
    return fma(squares, share, base)


@kernel
def local_response_norm(tile, arena, d, state, begin, end, thread):
    step, channels, plane = lanes(tile), d[CHANNELS], d[POSITIONS] * lanes(tile)
    share, beta, base, below, above = real(d, SHARE), real(d, BETA), real(d, BASE), d[BELOW], d[ABOVE]
    for unit in range(begin, end):
        group = unit // d[CHUNKS]
        first = (unit - group * d[CHUNKS]) * CHUNK
        x, y = d[X] + group * d[X_STRIDE], d[Y] + group * d[Y_STRIDE]
        last = min(first + CHUNK, d[POSITIONS])
        for c in range(channels):
            nearest, farthest = max(0, c - below), min(channels, c + above + 1)
            for i in range(first * step, last * step, step):
                s = _base(tile, arena, x + i, plane, nearest, farthest, share, base)
                own = load(tile, arena, x + i + c * plane)
                store(arena, y + i + c * plane, own * _inverse_power(s, beta))


@kernel
def local_response_norm_gradient(tile, arena, d, state, begin, end, thread):
    """dx[c] = dy[c] s[c]^-beta - 2 beta alpha/size x[c] * (sum of dy x s^(-beta-1) over the channels that c is near)"""
    step, channels, plane, scratch = lanes(tile), d[CHANNELS], d[POSITIONS] * lanes(tile), state[SCRATCH]
    share, beta, base, below, above = real(d, SHARE), real(d, BETA), real(d, BASE), d[BELOW], d[ABOVE]
    for unit in range(begin, end):
        group = unit // d[CHUNKS]
        first = (unit - group * d[CHUNKS]) * CHUNK
        last = min(first + CHUNK, d[POSITIONS])
        corner = first * step
        size = (last - first) * step
        x, dy = d[X] + group * d[X_STRIDE] + corner, d[DY] + group * d[DY_STRIDE] + corner
        dx = d[DX] + group * d[DX_STRIDE] + corner
        for c in range(channels):
            nearest, farthest = max(0, c - below), min(channels, c + above + 1)
            for i in range(0, size, step):
                s = _base(tile, arena, x + i, plane, nearest, farthest, share, base)
                passed = load(tile, arena, dy + i + c * plane) * _inverse_power(s, beta)
                store(arena, dx + i + c * plane, passed)
                own = load(tile, arena, x + i + c * plane)
                store(arena, scratch + c * CHUNK * step + i, passed * own / s)
        for c in range(channels):
            nearest, farthest = max(0, c - above), min(channels, c + below + 1)
            for i in range(0, size, step):
                total = splat(tile, 0.0)
                for neighbour in range(nearest, farthest):
                    total += load(tile, arena, scratch + neighbour * CHUNK * step + i)
                own = load(tile, arena, x + i + c * plane) * (-2.0 * beta * share)
                store(arena, dx + i + c * plane, fma(own, total, load(tile, arena, dx + i + c * plane)))


def _row(kernel_: Kernel, launch: Launch, places: tuple[Word, ...]) -> tuple[Row, ...]:
    operation, shape = launch.operation, launch.inputs[0].value.shape
    positions = launch.inputs[0].value.elements // shape[0]
    chunks = -(-positions // CHUNK)
    below, above = operation.size // 2, (operation.size - 1) // 2
    share = operation.alpha / operation.size
    words = (shape[0], positions, chunks, below, above, share, operation.beta, float(operation.k), *places)
    return (Row(kernel_, Tile(1, 1), words, chunks, per_group=True),)


def local_response_norm_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    return _row(local_response_norm, launch, (*where(launch.inputs[0]), *where(launch.outputs[0])))


def local_response_norm_gradient_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    (x, dy), (dx,) = launch.inputs, launch.outputs
    needed_bytes = 4 * x.value.shape[0] * CHUNK * program.target.lanes
    if program.thread_bytes < needed_bytes:
        raise CompilerBug(f"lrn's gradient needs {needed_bytes} bytes a thread, found {program.thread_bytes}")
    return _row(local_response_norm_gradient, launch, (*where(x), *where(dy), *where(dx)))

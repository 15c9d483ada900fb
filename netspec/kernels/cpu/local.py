"""Layers whose weights are not tied: w is [k][y x][c][i j], so every output position is a small dense layer.

Forward and weight gradient: a unit is an output position, whose weights stay in the cache while the lane groups pass.
Input gradient: a unit is an input channel, because neighbouring positions add to the same pixels.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from netspec.diagnostics.failure import CompilerBug
from netspec.ir.graph import Shape
from netspec.ir.operations import Window
from netspec.ir.program import Buffer, Launch, Program
from netspec.kernels.cpu.clipping import first_tap, last_tap
from netspec.kernels.cpu.convolution_rows import activation_pass
from netspec.kernels.cpu.elementwise import where
from netspec.kernels.cpu.jit import kernel, routine
from netspec.kernels.cpu.products import cross, outer, outer_apart
from netspec.kernels.cpu.rows import Kernel, Row, Word, place
from netspec.kernels.cpu.state import GROUPS, SCRATCH
from netspec.kernels.cpu.tile import columns, lane_sums, lanes, rows, save, zeros
from netspec.kernels.cpu.vector import load, maximum, splat, store

CHANNELS, HEIGHT, WIDTH, OUTPUTS, OUT_HEIGHT, OUT_WIDTH, TAPS_DOWN, TAPS_ACROSS = range(8)
STRIDE_DOWN, STRIDE_ACROSS, BEFORE_DOWN, BEFORE_ACROSS, DILATION_DOWN, DILATION_ACROSS = range(8, 14)
WEIGHT, X, X_STRIDE, Y, Y_STRIDE, BIAS, RECTIFIED = range(14, 21)
"""X is what has the input's shape, Y what has the output's; the last two are forward's own"""
NO_BIAS = -1


@routine
def _taps(d, position):
    """top, i_begin, i_end, left, j_begin, j_end: the corner of an output's window and its taps on real pixels."""
    oy = position // d[OUT_WIDTH]
    top = oy * d[STRIDE_DOWN] - d[BEFORE_DOWN]
    left = (position - oy * d[OUT_WIDTH]) * d[STRIDE_ACROSS] - d[BEFORE_ACROSS]
    i_begin = first_tap(top, d[DILATION_DOWN])
    j_begin = first_tap(left, d[DILATION_ACROSS])
    i_end = last_tap(top, d[DILATION_DOWN], d[TAPS_DOWN], d[HEIGHT])
    j_end = last_tap(left, d[DILATION_ACROSS], d[TAPS_ACROSS], d[WIDTH])
    return top, i_begin, i_end, left, j_begin, j_end


@routine
def _finish(tile, arena, d, y, bias, plane):
    """Bias and rectifier of a tile's rows that have just been stored."""
    with_bias, rectified = d[BIAS] != NO_BIAS, d[RECTIFIED] != 0
    for r in range(rows(tile)):
        value = load(tile, arena, y + r * plane * lanes(tile))
        if with_bias:
            value += arena[bias + r * plane]
        if rectified:
            value = maximum(0.0, value)
        store(arena, y + r * plane * lanes(tile), value)


@kernel
def local(tile, arena, d, state, begin, end, thread):
    """A tile is rows of neighbouring output channels; the last one begins early enough to be whole."""
    step, plane, channels, size = lanes(tile), d[OUT_HEIGHT] * d[OUT_WIDTH], d[CHANNELS], d[HEIGHT] * d[WIDTH]
    down, across, width = d[TAPS_DOWN], d[TAPS_ACROSS], d[WIDTH]
    dilation_down, dilation_across = d[DILATION_DOWN], d[DILATION_ACROSS]
    taps, finished = channels * down * across, d[BIAS] != NO_BIAS or d[RECTIFIED] != 0
    for position in range(begin, end):
        top, i_begin, i_end, left, j_begin, j_end = _taps(d, position)
        for block in range(0, d[OUTPUTS], rows(tile)):
            k = min(block, d[OUTPUTS] - rows(tile))
            weights = d[WEIGHT] + (k * plane + position) * taps
            for group in range(state[GROUPS]):
                corner = d[X] + group * d[X_STRIDE] + (top * width + left) * step
                total = zeros(tile)
                for c in range(channels):
                    for i in range(i_begin, i_end):
                        row = corner + (c * size + i * dilation_down * width) * step
                        w = weights + (c * down + i) * across
                        for j in range(j_begin, j_end):
                            x = row + j * dilation_across * step
                            total = outer_apart(total, arena, x, 0, w + j, plane * taps, rows(tile))
                y = d[Y] + group * d[Y_STRIDE] + (k * plane + position) * step
                save(total, arena, y, plane * step, 0, rows(tile))
                if finished:
                    _finish(tile, arena, d, y, d[BIAS] + k * plane + position, plane)


@routine
def _add_taps(tile, arena, d, dx, taps, begin, end, window):
    """dx += the rows of `taps` that are taps begin … end of a window and lie on real pixels."""
    top, i_begin, i_end, left, j_begin, j_end = window
    for tap in range(begin, end):
        i = tap // d[TAPS_ACROSS]
        j = tap - i * d[TAPS_ACROSS]
        if i_begin <= i < i_end and j_begin <= j < j_end:
            pixel = (top + i * d[DILATION_DOWN]) * d[WIDTH] + left + j * d[DILATION_ACROSS]
            place_ = dx + pixel * lanes(tile)
            store(arena, place_, load(tile, arena, place_) + load(tile, arena, taps + (tap - begin) * lanes(tile)))


@kernel
def local_input_gradient(tile, arena, d, state, begin, end, thread):
    """A tile is rows of neighbouring taps, summed over output channels; the last begins early enough to be whole."""
    step, plane, size, outputs = lanes(tile), d[OUT_HEIGHT] * d[OUT_WIDTH], d[HEIGHT] * d[WIDTH], d[OUTPUTS]
    taps, scratch = d[TAPS_DOWN] * d[TAPS_ACROSS], state[SCRATCH]
    weight_step = plane * d[CHANNELS] * taps
    for c in range(begin, end):
        for group in range(state[GROUPS]):
            dx = d[X] + group * d[X_STRIDE] + c * size * step
            for i in range(dx, dx + size * step, step):
                store(arena, i, splat(tile, 0.0))
        for position in range(plane):
            window = _taps(d, position)
            for block in range(0, taps, rows(tile)):
                first = min(block, taps - rows(tile))
                weights, skipped = d[WEIGHT] + (position * d[CHANNELS] + c) * taps + first, (block - first) * step
                for group in range(state[GROUPS]):
                    w, g, total = weights, d[Y] + group * d[Y_STRIDE] + position * step, zeros(tile)
                    for _ in range(outputs):
                        total = outer(total, arena, g, 0, w)
                        w, g = w + weight_step, g + plane * step
                    save(total, arena, scratch, step, 0, rows(tile))
                    dx = d[X] + group * d[X_STRIDE] + c * size * step
                    _add_taps(tile, arena, d, dx, scratch + skipped, block, first + rows(tile), window)


@routine
def _clear_taps(arena, dw, channels, across, taps, window):
    """Zeros for the taps of an output that lie outside the image."""
    _, i_begin, i_end, _, j_begin, j_end = window
    for tap in range(taps):
        i = tap // across
        j = tap - i * across
        if not (i_begin <= i < i_end and j_begin <= j < j_end):
            for c in range(channels):
                arena[dw + c * taps + tap] = 0.0


@kernel
def local_weight_gradient(tile, arena, d, state, begin, end, thread):
    """A tile is output channels by input channels at one tap, summed over lane groups and then over lanes."""
    step, plane, size, channels = lanes(tile), d[OUT_HEIGHT] * d[OUT_WIDTH], d[HEIGHT] * d[WIDTH], d[CHANNELS]
    across, width, taps, groups = d[TAPS_ACROSS], d[WIDTH], d[TAPS_DOWN] * d[TAPS_ACROSS], state[GROUPS]
    for position in range(begin, end):
        window = _taps(d, position)
        top, i_begin, i_end, left, j_begin, j_end = window
        for k in range(d[OUTPUTS]):
            _clear_taps(arena, d[WEIGHT] + (k * plane + position) * channels * taps, channels, across, taps, window)
        for block in range(0, d[OUTPUTS], rows(tile)):
            k = min(block, d[OUTPUTS] - rows(tile))
            dw, dy = d[WEIGHT] + (k * plane + position) * channels * taps, d[Y] + (k * plane + position) * step
            for c in range(0, channels, columns(tile)):
                for i in range(i_begin, i_end):
                    for j in range(j_begin, j_end):
                        pixel = (top + i * d[DILATION_DOWN]) * width + left + j * d[DILATION_ACROSS]
                        x = d[X] + (c * size + pixel) * step
                        total = zeros(tile)
                        for group in range(groups):
                            g = dy + group * d[Y_STRIDE]
                            total = cross(total, arena, x + group * d[X_STRIDE], size * step, g, plane * step)
                        into = dw + c * taps + i * across + j
                        lane_sums(total, arena, into, plane * channels * taps, taps)


def _words(window: Window, x: Shape, y: Shape) -> tuple[int, ...]:
    """The words up to the weights, of an input of shape `x` and an output of shape `y`."""
    return (*x, *y, *window.kernel, *window.stride, *window.before, *window.dilation)


def _row(kernel_: Kernel, launch: Launch, x: Buffer, y: Buffer, w: Buffer, units: int, *own: Word) -> tuple[Row, ...]:
    words = (*_words(launch.operation.window, x.value.shape, y.value.shape), place(w), *where(x), *where(y), *own)
    return (Row(kernel_, launch.tile, words, units),)


def _positions(y: Buffer) -> int:
    return y.value.shape[1] * y.value.shape[2]


def local_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    (x, w, *bias), (y,), activation = launch.inputs, launch.outputs, launch.operation.activation
    own = (place(bias[0]) if bias else NO_BIAS, int(activation.function == "relu"))
    return (*_row(local, launch, x, y, w, _positions(y), *own), *activation_pass(activation, launch, program))


def local_input_gradient_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    (dy, w), (dx,) = launch.inputs, launch.outputs
    needed_bytes = 4 * launch.tile.rows * program.target.lanes
    if program.thread_bytes < needed_bytes:
        raise CompilerBug(f"`{launch.layer}` needs {needed_bytes} bytes a thread, found {program.thread_bytes}")
    return _row(local_input_gradient, launch, dx, dy, w, dx.value.shape[0])


def local_weight_gradient_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    (x, dy), (dw,) = launch.inputs, launch.outputs
    return _row(local_weight_gradient, launch, x, dy, dw, _positions(dy))

"""Layers with untied weights: w is [k][y x][c][i j], so every output position is a small dense layer.

Forward and weight gradient: a unit is an output position, whose weights stay in the cache for all lane groups. Input
gradient: a unit is an input channel, because neighbouring positions add to the same pixels.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import NamedTuple

from netspec.diagnostics.failure import CompilerBug
from netspec.ir.memory import FLOAT_BYTES
from netspec.ir.operations import Window
from netspec.kernels.cpu.language.descriptor import Operand, Words, places
from netspec.kernels.cpu.language.jit import kernel, routine
from netspec.kernels.cpu.language.products import cross, outer, outer_apart
from netspec.kernels.cpu.language.rows import Kernel, Row, place, where
from netspec.kernels.cpu.language.state import GROUPS, SCRATCH
from netspec.kernels.cpu.language.tile import columns, lane_sums, lanes, rows, save, zeros
from netspec.kernels.cpu.language.vector import load, maximum, splat, store
from netspec.kernels.cpu.sliding.clipping import first_tap, last_tap
from netspec.kernels.cpu.sliding.convolution_rows import activation_pass
from netspec.targets.cpu.program import Buffer, Launch, Program

NO_BIAS = -1


class Geometry(NamedTuple):
    """Sizes of input and output, and the window between them."""

    channels: int
    height: int
    width: int
    outputs: int
    out_height: int
    out_width: int
    taps_down: int
    taps_across: int
    stride_down: int
    stride_across: int
    before_down: int
    before_across: int
    dilation_down: int
    dilation_across: int


class LocalSums(NamedTuple):
    """Words of the gradients: `x` has the input's shape, `y` the output's."""

    geometry: Geometry
    weight: int
    x: Operand
    y: Operand


class Local(NamedTuple):
    """Words of `local`."""

    sums: LocalSums
    bias: int
    rectified: int


GEOMETRY, SUMS, LOCAL = places(Geometry), places(LocalSums), places(Local)


@routine
def _taps(d, position):
    """top, i_begin, i_end, left, j_begin, j_end: the corner of an output's window and its taps on real pixels."""
    oy = position // d[GEOMETRY.out_width]
    top = oy * d[GEOMETRY.stride_down] - d[GEOMETRY.before_down]
    left = (position - oy * d[GEOMETRY.out_width]) * d[GEOMETRY.stride_across] - d[GEOMETRY.before_across]
    i_begin = first_tap(top, d[GEOMETRY.dilation_down])
    j_begin = first_tap(left, d[GEOMETRY.dilation_across])
    i_end = last_tap(top, d[GEOMETRY.dilation_down], d[GEOMETRY.taps_down], d[GEOMETRY.height])
    j_end = last_tap(left, d[GEOMETRY.dilation_across], d[GEOMETRY.taps_across], d[GEOMETRY.width])
    return top, i_begin, i_end, left, j_begin, j_end


@routine
def _finish(tile, arena, d, y, bias, plane):
    """Bias and rectifier of the tile rows just stored."""
    with_bias, rectified = d[LOCAL.bias] != NO_BIAS, d[LOCAL.rectified] != 0
    for r in range(rows(tile)):
        value = load(tile, arena, y + r * plane * lanes(tile))
        if with_bias:
            value += arena[bias + r * plane]
        if rectified:
            value = maximum(0.0, value)
        store(arena, y + r * plane * lanes(tile), value)


@kernel
def local(tile, arena, d: Words[Local], state, begin, end, thread):
    """Tile rows are neighbouring output channels; the last tile begins early enough to be whole."""
    step = lanes(tile)
    plane = d[GEOMETRY.out_height] * d[GEOMETRY.out_width]
    channels = d[GEOMETRY.channels]
    size = d[GEOMETRY.height] * d[GEOMETRY.width]
    down, across, width = d[GEOMETRY.taps_down], d[GEOMETRY.taps_across], d[GEOMETRY.width]
    dilation_down, dilation_across = d[GEOMETRY.dilation_down], d[GEOMETRY.dilation_across]
    taps, finished = channels * down * across, d[LOCAL.bias] != NO_BIAS or d[LOCAL.rectified] != 0
    for position in range(begin, end):
        top, i_begin, i_end, left, j_begin, j_end = _taps(d, position)
        for block in range(0, d[GEOMETRY.outputs], rows(tile)):
            k = min(block, d[GEOMETRY.outputs] - rows(tile))
            weights = d[SUMS.weight] + (k * plane + position) * taps
            for group in range(state[GROUPS]):
                corner = d[SUMS.x.place] + group * d[SUMS.x.group] + (top * width + left) * step
                total = zeros(tile)
                for c in range(channels):
                    for i in range(i_begin, i_end):
                        row = corner + (c * size + i * dilation_down * width) * step
                        w = weights + (c * down + i) * across
                        for j in range(j_begin, j_end):
                            x = row + j * dilation_across * step
                            total = outer_apart(total, arena, x, 0, w + j, plane * taps)
                y = d[SUMS.y.place] + group * d[SUMS.y.group] + (k * plane + position) * step
                save(total, arena, y, plane * step, 0, rows(tile))
                if finished:
                    _finish(tile, arena, d, y, d[LOCAL.bias] + k * plane + position, plane)


@routine
def _add_taps(tile, arena, d, dx, taps, begin, end, window):
    """dx += rows of `taps`: taps begin … end of a window, those on real pixels."""
    top, i_begin, i_end, left, j_begin, j_end = window
    for tap in range(begin, end):
        i = tap // d[GEOMETRY.taps_across]
        j = tap - i * d[GEOMETRY.taps_across]
        if i_begin <= i < i_end and j_begin <= j < j_end:
            pixel = (top + i * d[GEOMETRY.dilation_down]) * d[GEOMETRY.width] + left + j * d[GEOMETRY.dilation_across]
            place_ = dx + pixel * lanes(tile)
            store(arena, place_, load(tile, arena, place_) + load(tile, arena, taps + (tap - begin) * lanes(tile)))


@kernel
def local_input_gradient(tile, arena, d: Words[LocalSums], state, begin, end, thread):
    """Tile rows are neighbouring taps, summed over output channels; the last tile begins early enough to be whole."""
    step = lanes(tile)
    plane = d[GEOMETRY.out_height] * d[GEOMETRY.out_width]
    size = d[GEOMETRY.height] * d[GEOMETRY.width]
    outputs = d[GEOMETRY.outputs]
    taps, scratch = d[GEOMETRY.taps_down] * d[GEOMETRY.taps_across], state[SCRATCH]
    weight_step = plane * d[GEOMETRY.channels] * taps
    for c in range(begin, end):
        for group in range(state[GROUPS]):
            dx = d[SUMS.x.place] + group * d[SUMS.x.group] + c * size * step
            for i in range(dx, dx + size * step, step):
                store(arena, i, splat(tile, 0.0))
        for position in range(plane):
            window = _taps(d, position)
            for block in range(0, taps, rows(tile)):
                first = min(block, taps - rows(tile))
                weights = d[SUMS.weight] + (position * d[GEOMETRY.channels] + c) * taps + first
                skipped = (block - first) * step
                for group in range(state[GROUPS]):
                    w, g, total = weights, d[SUMS.y.place] + group * d[SUMS.y.group] + position * step, zeros(tile)
                    for _ in range(outputs):
                        total = outer(total, arena, g, 0, w)
                        w, g = w + weight_step, g + plane * step
                    save(total, arena, scratch, step, 0, rows(tile))
                    dx = d[SUMS.x.place] + group * d[SUMS.x.group] + c * size * step
                    _add_taps(tile, arena, d, dx, scratch + skipped, block, first + rows(tile), window)


@routine
def _clear_taps(arena, dw, channels, across, taps, window):
    """Zeros for the taps of an output that are outside the image."""
    _, i_begin, i_end, _, j_begin, j_end = window
    for tap in range(taps):
        i = tap // across
        j = tap - i * across
        if not (i_begin <= i < i_end and j_begin <= j < j_end):
            for c in range(channels):
                arena[dw + c * taps + tap] = 0.0


@kernel
def local_weight_gradient(tile, arena, d: Words[LocalSums], state, begin, end, thread):
    """A tile is output channels by input channels at one tap, summed over lane groups, then over lanes."""
    step = lanes(tile)
    plane = d[GEOMETRY.out_height] * d[GEOMETRY.out_width]
    size = d[GEOMETRY.height] * d[GEOMETRY.width]
    channels = d[GEOMETRY.channels]
    across = d[GEOMETRY.taps_across]
    width = d[GEOMETRY.width]
    taps = d[GEOMETRY.taps_down] * d[GEOMETRY.taps_across]
    groups = state[GROUPS]
    for position in range(begin, end):
        window = _taps(d, position)
        top, i_begin, i_end, left, j_begin, j_end = window
        for k in range(d[GEOMETRY.outputs]):
            _clear_taps(
                arena, d[SUMS.weight] + (k * plane + position) * channels * taps, channels, across, taps, window
            )
        for block in range(0, d[GEOMETRY.outputs], rows(tile)):
            k = min(block, d[GEOMETRY.outputs] - rows(tile))
            dw = d[SUMS.weight] + (k * plane + position) * channels * taps
            dy = d[SUMS.y.place] + (k * plane + position) * step
            for c in range(0, channels, columns(tile)):
                for i in range(i_begin, i_end):
                    for j in range(j_begin, j_end):
                        pixel = (top + i * d[GEOMETRY.dilation_down]) * width + left + j * d[GEOMETRY.dilation_across]
                        x = d[SUMS.x.place] + (c * size + pixel) * step
                        total = zeros(tile)
                        for group in range(groups):
                            g = dy + group * d[SUMS.y.group]
                            total = cross(total, arena, x + group * d[SUMS.x.group], size * step, g, plane * step)
                        into = dw + c * taps + i * across + j
                        lane_sums(total, arena, into, plane * channels * taps, taps)


def _sums(window: Window, x: Buffer, y: Buffer, w: Buffer) -> LocalSums:
    geometry = Geometry(
        *x.value.shape, *y.value.shape, *window.kernel, *window.stride, *window.before, *window.dilation
    )
    return LocalSums(geometry=geometry, weight=place(w), x=where(x), y=where(y))


def _gradient_row(kernel_: Kernel, launch: Launch, x: Buffer, y: Buffer, w: Buffer, units: int) -> tuple[Row, ...]:
    return (Row(kernel_, launch.tile, _sums(launch.operation.window, x, y, w), units),)


def _positions(y: Buffer) -> int:
    return y.value.shape[1] * y.value.shape[2]


def local_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    (x, w, *bias), (y,), activation = launch.inputs, launch.outputs, launch.operation.activation
    words = Local(
        sums=_sums(launch.operation.window, x, y, w),
        bias=place(bias[0]) if bias else NO_BIAS,
        rectified=activation.function == "relu",
    )
    row = Row(local, launch.tile, words, _positions(y))
    return (row, *activation_pass(activation, launch, program))


def local_input_gradient_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    (dy, w), (dx,) = launch.inputs, launch.outputs
    needed_bytes = FLOAT_BYTES * launch.tile.rows * program.target.lanes
    if program.thread_bytes < needed_bytes:
        raise CompilerBug(f"`{launch.layer}` needs {needed_bytes} bytes a thread, found {program.thread_bytes}")
    return _gradient_row(local_input_gradient, launch, dx, dy, w, dx.value.shape[0])


def local_weight_gradient_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    (x, dy), (dw,) = launch.inputs, launch.outputs
    return _gradient_row(local_weight_gradient, launch, x, dy, dw, _positions(dy))

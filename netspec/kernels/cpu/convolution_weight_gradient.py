"""The weight gradient of a convolution: products of input and cotangent summed over all images and positions.

A register tile keeps lane-wise sums over whole planes of all groups; only at the end are its lanes added, by a fixed
tree. Its rows are output channels. Its columns are the taps of a kernel row, more than two of them and as many as
registers hold, so that a plane of the input and the planes of the cotangents stay near for all kernel rows; else they
are input channels, and many tiles take a band of the planes before the next.

Few tiles would divide unevenly, and every thread would read what all have written. So the launch of a small gradient
has scratch for the sums of each group, which whoever made the group's cotangents takes by itself.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from dataclasses import replace
from math import isqrt

from netspec.diagnostics.failure import CompilerBug
from netspec.ir import operations as ops
from netspec.ir.program import Launch, Program
from netspec.kernels.cpu.clipping import first_output, first_tap, last_output, last_tap
from netspec.kernels.cpu.depthwise_rows import depthwise_weight_gradient_rows
from netspec.kernels.cpu.jit import kernel, routine
from netspec.kernels.cpu.planes import Planes, planes
from netspec.kernels.cpu.products import accumulate, cross, cross_clipped, cross_run, run_length
from netspec.kernels.cpu.rows import Row, place
from netspec.kernels.cpu.sliding import Axis, forward_axis
from netspec.kernels.cpu.state import GROUPS, SCRATCH
from netspec.kernels.cpu.tile import columns, lane_sums, lanes, load, rows, save, zeros
from netspec.kernels.cpu.winograd_weights_rows import winograd_weight_gradient_rows

# Words of the descriptor. Strides count float32 numbers.
(X, X_GROUP, X_CHANNEL, X_ROW, HEIGHT, WIDTH) = range(6)
(DY, DY_GROUP, DY_CHANNEL, DY_ROW, OUT_HEIGHT, OUT_WIDTH) = range(6, 12)
(TAPS_Y, TAPS_X, DILATION_Y, DILATION_X, STRIDE_Y, STRIDE_X, BEFORE_Y, BEFORE_X) = range(12, 20)
(DW, INPUTS, OUTPUTS, SUMS, TILES) = range(20, 25)
STRIPE, AT_ONCE, BAND = range(23, 26)
"""of `sum_channels`, behind OUTPUTS: blocks of inputs of a stripe, units that are summed together, rows of a band"""


def weight_gradient_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    """ConvolutionWeightGradient: one row, whose units are tiles of the gradient, or a row for each group's sums and one
    that adds them."""
    op = launch.operation
    assert isinstance(op, ops.ConvolutionWeightGradient)
    (x, dy), dw, tile = launch.inputs, launch.outputs[0], launch.tile
    source, cotangent = planes(x, program), planes(dy, program)
    if launch.algorithm == "winograd":
        return winograd_weight_gradient_rows(launch, program, op.window, source, cotangent)
    if launch.algorithm == "depthwise":
        return depthwise_weight_gradient_rows(launch, program, op.window, source, cotangent)
    k, inputs, _, taps_x = dw.value.shape
    outputs = k // op.groups
    blocks = op.groups * -(-outputs // tile.rows)
    vertical = forward_axis(op.window, 0, source.height, cotangent.height)
    horizontal = forward_axis(op.window, 1, source.width, cotangent.width)
    words = (*_geometry(source, cotangent, vertical, horizontal), place(dw), inputs, outputs)
    if tile.columns == taps_x and taps_x > 2:
        if launch.scratch is not None:
            return _by_groups(launch, program, words, blocks * inputs * vertical.taps)
        return (Row(sum_taps, tile, words, blocks * inputs),)
    return (_by_bands(launch, program, words, source, cotangent),)


def _by_bands(launch: Launch, program: Program, words: tuple[int, ...], x: Planes, dy: Planes) -> Row:
    """The sums of as many units as the scratch holds tiles of, about as many blocks of outputs as of inputs; a band of
    the planes that they read fills half of the second cache."""
    op, tile, (k, inputs, taps_y, taps_x) = launch.operation, launch.tile, launch.outputs[0].value.shape
    assert isinstance(op, ops.ConvolutionWeightGradient)
    vector_bytes, cache_bytes = 4 * program.target.lanes, program.target.l2_bytes
    unit_bytes, across = taps_y * taps_x * tile.rows * tile.columns * vector_bytes, -(-inputs // tile.columns)
    units = op.groups * -(-(k // op.groups) // tile.rows) * across
    at_once = min(units, max(unit_bytes, min(program.thread_bytes, cache_bytes // 4)) // unit_bytes)
    if program.thread_bytes < unit_bytes:
        raise CompilerBug(f"the threads have too little scratch for a tile of `{launch.layer}`")
    stripe = min(across, isqrt(at_once))
    row = stripe * tile.columns * op.window.stride[0] * x.width + at_once // stripe * tile.rows * dy.width
    band = max(1, cache_bytes // 2 // (vector_bytes * row))
    return Row(sum_channels, tile, (*words, stripe, at_once, band), units)


def _by_groups(launch: Launch, program: Program, words: tuple[int, ...], tiles: int) -> tuple[Row, ...]:
    """The sums of each group into its part of the scratch, and then over the groups."""
    scratch, tile = launch.scratch, launch.tile
    assert scratch is not None
    group_floats = tiles * tile.rows * tile.columns * program.target.lanes
    if scratch.size_bytes < 4 * group_floats * program.groups:
        raise CompilerBug(f"the launch of `{launch.layer}` has too little scratch for {program.groups} groups")
    words, sums = (*words, place(scratch), tiles), (replace(scratch, group_stride=group_floats),)
    return (
        Row(sum_group_taps, tile, words, tiles, per_group=True, reads=launch.inputs, writes=sums, sums=True),
        Row(add_groups, tile, words, tiles, reads=(scratch,), writes=launch.outputs),
    )


def _geometry(x: Planes, dy: Planes, vertical: Axis, horizontal: Axis) -> tuple[int, ...]:
    source = (x.place, x.group_stride, x.channel_stride, x.row_stride, x.height, x.width)
    cotangent = (dy.place, dy.group_stride, dy.channel_stride, dy.row_stride, dy.height, dy.width)
    taps = (vertical.taps, horizontal.taps, vertical.dilation, horizontal.dilation)
    return (*source, *cotangent, *taps, vertical.stride, horizontal.stride, vertical.before, horizontal.before)


@routine
def _sum_row(tile, registers, arena, d, x, dy, low, high):
    """Adds the products along an output row; outputs `low` … `high` see the whole kernel row. x is where tap 0 of
    output 0 lies."""
    stride, dilation, step, dy_channel = d[STRIDE_X], d[DILATION_X], lanes(tile), d[DY_CHANNEL]
    run = run_length(tile) if stride == 1 and dilation == 1 else d[OUT_WIDTH] + 1
    column = 0
    while column < d[OUT_WIDTH]:
        at, cotangent = x + column * stride * step, dy + column * step
        if low <= column and column + run <= high:
            registers = cross_run(registers, arena, at, cotangent, dy_channel)
            column += run
            continue
        if low <= column < high:
            registers = cross(registers, arena, at, dilation * step, cotangent, dy_channel)
        else:
            position = column * stride - d[BEFORE_X]
            j0, j1 = first_tap(position, dilation), last_tap(position, dilation, columns(tile), d[WIDTH])
            if j0 < j1:
                registers = cross_clipped(registers, arena, at, dilation * step, j0, j1, cotangent, dy_channel)
        column += 1
    return registers


@routine
def _tile_of(tile, d, unit):
    """Group of channels, first output channel in it, and input channel of a unit. The last block of output channels
    begins early enough to be whole; what it shares with the one before comes out the same."""
    inputs, outputs = d[INPUTS], d[OUTPUTS]
    blocks = (outputs + rows(tile) - 1) // rows(tile)
    q = unit // (inputs * blocks)
    return q, q * outputs + min(unit // inputs % blocks * rows(tile), outputs - rows(tile)), unit % inputs


@routine
def _sum_kernel_row(tile, registers, arena, d, g, q, k, c, i):
    """Adds the products of lane group g for row i of the kernel."""
    low = first_output(-d[BEFORE_X], d[STRIDE_X], d[OUT_WIDTH])
    offset_x = d[DILATION_X] * (columns(tile) - 1) - d[BEFORE_X]
    high = max(low, last_output(offset_x, d[STRIDE_X], d[OUT_WIDTH], d[WIDTH]))
    plane = d[X] + g * d[X_GROUP] + (q * d[INPUTS] + c) * d[X_CHANNEL] - d[BEFORE_X] * lanes(tile)
    cotangents = d[DY] + g * d[DY_GROUP] + k * d[DY_CHANNEL]
    offset = i * d[DILATION_Y] - d[BEFORE_Y]
    first = first_output(offset, d[STRIDE_Y], d[OUT_HEIGHT])
    for y in range(first, last_output(offset, d[STRIDE_Y], d[OUT_HEIGHT], d[HEIGHT])):
        x, dy = plane + (y * d[STRIDE_Y] + offset) * d[X_ROW], cotangents + y * d[DY_ROW]
        registers = _sum_row(tile, registers, arena, d, x, dy, low, high)
    return registers


@routine
def _finish(tile, registers, arena, d, k, c, i):
    """Adds the lanes of a tile and writes it."""
    taps = d[TAPS_Y] * columns(tile)
    into = d[DW] + (k * d[INPUTS] + c) * taps + i * columns(tile)
    lane_sums(registers, arena, into, d[INPUTS] * taps, 1)


@kernel
def sum_taps(tile, arena, d, state, begin, end, thread):
    """Columns are the taps of a kernel row. Unit: an input channel of a block of output channels.

    Groups stand outside kernel rows, with the tiles of all kernel rows in the thread's scratch meanwhile.
    """
    across, groups = columns(tile) * lanes(tile), state[GROUPS]
    for unit in range(begin, end):
        q, k, c = _tile_of(tile, d, unit)
        for g in range(groups):
            for i in range(d[TAPS_Y]):
                partial = state[SCRATCH] + i * rows(tile) * across
                registers = zeros(tile)
                if g > 0:
                    registers = load(tile, arena, partial, across, lanes(tile), rows(tile))
                registers = _sum_kernel_row(tile, registers, arena, d, g, q, k, c, i)
                if g < groups - 1:
                    save(registers, arena, partial, across, lanes(tile), rows(tile))
                else:
                    _finish(tile, registers, arena, d, k, c, i)


@kernel
def sum_group_taps(tile, arena, d, state, begin, end, thread):
    """Columns are the taps of a kernel row. Unit: a row of the kernel, of an input channel of a block of output
    channels, of a lane group; its tile goes to the launch's scratch."""
    across = columns(tile) * lanes(tile)
    for unit in range(begin, end):
        g = unit // d[TILES]
        number = unit - g * d[TILES]
        q, k, c = _tile_of(tile, d, number // d[TAPS_Y])
        registers = _sum_kernel_row(tile, zeros(tile), arena, d, g, q, k, c, number % d[TAPS_Y])
        save(registers, arena, d[SUMS] + unit * rows(tile) * across, across, lanes(tile), rows(tile))


@kernel
def add_groups(tile, arena, d, state, begin, end, thread):
    """Unit: one of the tiles that `sum_group_taps` made of each group."""
    across = columns(tile) * lanes(tile)
    for unit in range(begin, end):
        registers = zeros(tile)
        for g in range(state[GROUPS]):
            partial = d[SUMS] + (g * d[TILES] + unit) * rows(tile) * across
            registers = accumulate(registers, arena, partial, across, lanes(tile))
        _, k, c = _tile_of(tile, d, unit // d[TAPS_Y])
        _finish(tile, registers, arena, d, k, c, unit % d[TAPS_Y])


@routine
def _sum_tap(tile, registers, arena, d, q, k, c, tap, begin, end):
    """Adds the products of output rows begin … end, counted on from group to group, for one tap: rows of the tile are
    output channels from k on, its columns inputs from c on."""
    step, x_channel, dy_channel, x_step = lanes(tile), d[X_CHANNEL], d[DY_CHANNEL], d[STRIDE_X] * lanes(tile)
    offset_y = tap // d[TAPS_X] * d[DILATION_Y] - d[BEFORE_Y]
    offset_x = tap % d[TAPS_X] * d[DILATION_X] - d[BEFORE_X]
    x0 = first_output(offset_x, d[STRIDE_X], d[OUT_WIDTH])
    x1 = last_output(offset_x, d[STRIDE_X], d[OUT_WIDTH], d[WIDTH])
    y0 = first_output(offset_y, d[STRIDE_Y], d[OUT_HEIGHT])
    y1 = last_output(offset_y, d[STRIDE_Y], d[OUT_HEIGHT], d[HEIGHT])
    plane = d[X] + (q * d[INPUTS] + c) * x_channel + (x0 * d[STRIDE_X] + offset_x) * step
    for row in range(begin, end):
        g, y = row // d[OUT_HEIGHT], row % d[OUT_HEIGHT]
        if y < y0 or y >= y1:
            continue
        x = plane + g * d[X_GROUP] + (y * d[STRIDE_Y] + offset_y) * d[X_ROW]
        dy = d[DY] + g * d[DY_GROUP] + k * dy_channel + y * d[DY_ROW] + x0 * step
        for _ in range(x0, x1):
            registers = cross(registers, arena, x, x_channel, dy, dy_channel)
            x += x_step
            dy += step
    return registers


@routine
def _block_of(tile, d, unit):
    """Group of channels, first output channel and first input channel of a unit: stripes of STRIPE blocks of inputs,
    a block of outputs after the other in each. The last blocks begin early enough to be whole."""
    inputs, outputs = d[INPUTS], d[OUTPUTS]
    blocks, across = (outputs + rows(tile) - 1) // rows(tile), (inputs + columns(tile) - 1) // columns(tile)
    q, n = unit // (across * blocks), unit % (across * blocks)
    stripe = n // (blocks * d[STRIPE]) * d[STRIPE]
    wide, n = min(d[STRIPE], across - stripe), n - stripe * blocks
    k, c = min(n // wide * rows(tile), outputs - rows(tile)), (stripe + n % wide) * columns(tile)
    return q, q * outputs + k, min(c, inputs - columns(tile))


@kernel
def sum_channels(tile, arena, d, state, begin, end, thread):
    """Columns are input channels. Unit: a block of input channels of a block of output channels.

    Bands of rows stand outside AT_ONCE units, whose tiles are in the thread's scratch meanwhile: what one of them reads
    of a band is still near for the next.
    """
    taps, across, height = d[TAPS_Y] * d[TAPS_X], columns(tile) * lanes(tile), state[GROUPS] * d[OUT_HEIGHT]
    first = begin
    while first < end:
        last, row = min(first + d[AT_ONCE], end), 0
        while row < height:
            below = min(row + d[BAND], height)
            for number in range((last - first) * taps):
                q, k, c = _block_of(tile, d, first + number // taps)
                tap, partial = number % taps, state[SCRATCH] + number * rows(tile) * across
                registers = zeros(tile)
                if row > 0:
                    registers = load(tile, arena, partial, across, lanes(tile), rows(tile))
                registers = _sum_tap(tile, registers, arena, d, q, k, c, tap, row, below)
                if below < height:
                    save(registers, arena, partial, across, lanes(tile), rows(tile))
                else:
                    into = d[DW] + (k * d[INPUTS] + c) * taps + tap
                    lane_sums(registers, arena, into, d[INPUTS] * taps, taps)
            row = below
        first = last

"""The weight gradient of a convolution: products of input and cotangent summed over all images and positions.

A register tile keeps lane-wise sums over whole planes of all groups; only at the end are its lanes added, by a fixed
tree. Its rows are output channels. Its columns are the taps of a kernel row where there are more than two, so that a
plane of the input and the planes of the cotangents stay near for all kernel rows; else they are input channels.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from netspec.ir import operations as ops
from netspec.ir.program import Launch, Program
from netspec.kernels.cpu.clipping import first_output, first_tap, last_output, last_tap
from netspec.kernels.cpu.depthwise_rows import depthwise_weight_gradient_rows
from netspec.kernels.cpu.jit import kernel, routine
from netspec.kernels.cpu.planes import Planes, planes
from netspec.kernels.cpu.products import cross, cross_clipped, cross_run, run_length
from netspec.kernels.cpu.rows import Row, place
from netspec.kernels.cpu.sliding import Axis, forward_axis
from netspec.kernels.cpu.state import GROUPS, SCRATCH
from netspec.kernels.cpu.tile import columns, lane_sums, lanes, load, rows, save, zeros
from netspec.kernels.cpu.winograd_weights_rows import winograd_weight_gradient_rows

# Words of the descriptor. Strides count float32 numbers.
(X, X_GROUP, X_CHANNEL, X_ROW, HEIGHT, WIDTH) = range(6)
(DY, DY_GROUP, DY_CHANNEL, DY_ROW, OUT_HEIGHT, OUT_WIDTH) = range(6, 12)
(TAPS_Y, TAPS_X, DILATION_Y, DILATION_X, STRIDE_Y, STRIDE_X, BEFORE_Y, BEFORE_X) = range(12, 20)
(DW, INPUTS, OUTPUTS, PARTS) = range(20, 24)
FEW_UNITS = 8
"""Of fewer units each is split into the rows of the kernel, so that a team finds enough to divide."""


def weight_gradient_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    """ConvolutionWeightGradient: one row, whose units are tiles of the gradient."""
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
        parts = vertical.taps if blocks * inputs < FEW_UNITS else 1
        return (Row(sum_taps, tile, (*words, parts), blocks * inputs * parts),)
    return (Row(sum_channels, tile, words, blocks * -(-inputs // tile.columns)),)


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


@kernel
def sum_taps(tile, arena, d, state, begin, end, thread):
    """Columns are the taps of a kernel row. Unit: an input channel of a block of output channels, or of that one of as
    many parts as the kernel has rows.

    Groups stand outside kernel rows, with the tiles of all kernel rows in the thread's scratch meanwhile. The last
    block of output channels begins early enough to be whole; what it shares with the one before comes out the same.
    """
    inputs, outputs, across = d[INPUTS], d[OUTPUTS], columns(tile) * lanes(tile)
    blocks, groups = (outputs + rows(tile) - 1) // rows(tile), state[GROUPS]
    low = first_output(-d[BEFORE_X], d[STRIDE_X], d[OUT_WIDTH])
    offset_x = d[DILATION_X] * (columns(tile) - 1) - d[BEFORE_X]
    high = max(low, last_output(offset_x, d[STRIDE_X], d[OUT_WIDTH], d[WIDTH]))
    rows_a_unit = d[TAPS_Y] // d[PARTS]
    for part in range(begin, end):
        unit, top = part // d[PARTS], part % d[PARTS]
        c, b, q = unit % inputs, unit // inputs % blocks, unit // (inputs * blocks)
        k = q * outputs + min(b * rows(tile), outputs - rows(tile))
        for g in range(groups):
            plane = d[X] + g * d[X_GROUP] + (q * inputs + c) * d[X_CHANNEL] - d[BEFORE_X] * lanes(tile)
            cotangents = d[DY] + g * d[DY_GROUP] + k * d[DY_CHANNEL]
            for i in range(top, top + rows_a_unit):
                partial = state[SCRATCH] + i * rows(tile) * across
                registers = zeros(tile)
                if g > 0:
                    registers = load(tile, arena, partial, across, lanes(tile), rows(tile))
                offset = i * d[DILATION_Y] - d[BEFORE_Y]
                first = first_output(offset, d[STRIDE_Y], d[OUT_HEIGHT])
                for y in range(first, last_output(offset, d[STRIDE_Y], d[OUT_HEIGHT], d[HEIGHT])):
                    x, dy = plane + (y * d[STRIDE_Y] + offset) * d[X_ROW], cotangents + y * d[DY_ROW]
                    registers = _sum_row(tile, registers, arena, d, x, dy, low, high)
                if g < groups - 1:
                    save(registers, arena, partial, across, lanes(tile), rows(tile))
                else:
                    taps = d[TAPS_Y] * columns(tile)
                    into = d[DW] + (k * inputs + c) * taps + i * columns(tile)
                    lane_sums(registers, arena, into, inputs * taps, 1)


@kernel
def sum_channels(tile, arena, d, state, begin, end, thread):
    """Columns are input channels. Unit: a block of input channels of a block of output channels.

    The last blocks begin early enough to be whole.
    """
    inputs, outputs, step = d[INPUTS], d[OUTPUTS], lanes(tile)
    blocks, across = (outputs + rows(tile) - 1) // rows(tile), (inputs + columns(tile) - 1) // columns(tile)
    taps, x_channel, dy_channel, x_step = d[TAPS_Y] * d[TAPS_X], d[X_CHANNEL], d[DY_CHANNEL], d[STRIDE_X] * step
    for unit in range(begin, end):
        b, q = unit // across % blocks, unit // (across * blocks)
        c = min(unit % across * columns(tile), inputs - columns(tile))
        k = q * outputs + min(b * rows(tile), outputs - rows(tile))
        for tap in range(taps):
            offset_y = tap // d[TAPS_X] * d[DILATION_Y] - d[BEFORE_Y]
            offset_x = tap % d[TAPS_X] * d[DILATION_X] - d[BEFORE_X]
            y0 = first_output(offset_y, d[STRIDE_Y], d[OUT_HEIGHT])
            y1 = last_output(offset_y, d[STRIDE_Y], d[OUT_HEIGHT], d[HEIGHT])
            x0 = first_output(offset_x, d[STRIDE_X], d[OUT_WIDTH])
            x1 = last_output(offset_x, d[STRIDE_X], d[OUT_WIDTH], d[WIDTH])
            registers = zeros(tile)
            for g in range(state[GROUPS]):
                for y in range(y0, y1):
                    x = d[X] + g * d[X_GROUP] + (q * inputs + c) * x_channel
                    x += (y * d[STRIDE_Y] + offset_y) * d[X_ROW] + (x0 * d[STRIDE_X] + offset_x) * step
                    dy = d[DY] + g * d[DY_GROUP] + k * dy_channel + y * d[DY_ROW] + x0 * step
                    for _ in range(x0, x1):
                        registers = cross(registers, arena, x, x_channel, dy, dy_channel)
                        x += x_step
                        dy += step
            lane_sums(registers, arena, d[DW] + (k * inputs + c) * taps + tap, inputs * taps, taps)

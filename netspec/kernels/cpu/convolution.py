"""Convolution and its input gradient: one kernel that slides a register tile over the rows of an output.

A tile's rows are output channels, its columns neighbouring positions of an output row. Weights are packed before, so
that a tile's factors lie side by side: [group of channels][block][input][i][j][rows].
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

import numpy as np

from netspec.kernels.cpu.activations import LEAKY_RELU, RELU, RELU6
from netspec.kernels.cpu.clipping import first_output, first_tap, last_output, last_tap
from netspec.kernels.cpu.jit import kernel, routine
from netspec.kernels.cpu.memory import real
from netspec.kernels.cpu.products import outer
from netspec.kernels.cpu.tile import cap, columns, lanes, leak, load, narrow, rectify, rows, save, spread, zeros

# Words of the descriptor of `slide`. Strides count float32 numbers.
(X, X_GROUP, X_CHANNEL, X_ROW, HEIGHT, WIDTH) = range(6)
(Y, Y_GROUP, Y_CHANNEL, Y_ROW, Y_COLUMN, OUT_HEIGHT, OUT_WIDTH) = range(6, 13)
(TAPS_Y, TAPS_X, DILATION_Y, DILATION_X, STRIDE_Y, STRIDE_X, BEFORE_Y, BEFORE_X) = range(13, 21)
(WEIGHTS, INPUTS, OUTPUTS, CHANNEL_GROUPS, INPUT_BLOCK, BIAS, ACTIVATION, SLOPE) = range(21, 29)
NO_BIAS = -1

# Words of the descriptor of `pack`: the weights as given, strides of each index of the packed ones, and their sizes.
(SOURCE, GROUP_STEP, OUTPUT_STEP, INPUT_STEP, I_STEP, J_STEP, PACKED) = range(7)
(PACK_OUTPUTS, PACK_INPUTS, PACK_TAPS_Y, PACK_TAPS_X, PACK_BLOCKS) = range(7, 12)


@kernel
def pack(tile, arena, d, state, begin, end, thread):
    """Weights into blocks of the tile's rows; rows behind the last output channel are zeros. Unit: a block."""
    inputs, taps_y, taps_x, height = d[PACK_INPUTS], d[PACK_TAPS_Y], d[PACK_TAPS_X], rows(tile)
    for unit in range(begin, end):
        group, first = unit // d[PACK_BLOCKS], unit % d[PACK_BLOCKS] * height
        source = d[SOURCE] + group * d[GROUP_STEP] + first * d[OUTPUT_STEP]
        into = d[PACKED] + unit * inputs * taps_y * taps_x * height
        count = min(height, d[PACK_OUTPUTS] - first)
        for c in range(inputs):
            for i in range(taps_y):
                for j in range(taps_x):
                    at = source + c * d[INPUT_STEP] + i * d[I_STEP] + j * d[J_STEP]
                    for r in range(height):
                        arena[into + r] = arena[at + r * d[OUTPUT_STEP]] if r < count else np.float32(0.0)
                    into += height


@routine
def _activate(registers, code, slope):
    """The activations that a tile applies in registers."""
    if code == RELU:
        return rectify(registers)
    if code == RELU6:
        return cap(rectify(registers), np.float32(6.0))
    if code == LEAKY_RELU:
        return leak(registers, slope)
    return registers


@routine
def _sum_taps(tile, registers, arena, x, x_step, x_channel, x_row, x_tap, w, w_channel, w_row, inputs, i0, i1, j0, j1):
    """Adds the products of the taps i0 … i1, j0 … j1 of all inputs; x and w are where tap 0, 0 of input 0 lies."""
    height = rows(tile)
    for c in range(inputs):
        for i in range(i0, i1):
            at = x + c * x_channel + i * x_row + j0 * x_tap
            factors = w + c * w_channel + i * w_row + j0 * height
            for _ in range(j0, j1):
                registers = outer(registers, arena, at, x_step, factors)
                at += x_tap
                factors += height
    return registers


@routine
def _slide_tile(tile, arena, d, x, x_step, y, w, c0, bias, count, i0, i1, j0, j1):
    """One tile of outputs from inputs c0 up to the end of their block; sums of earlier blocks stand in the output."""
    registers = zeros(tile)
    if c0 > 0:
        registers = load(tile, arena, y, d[Y_CHANNEL], d[Y_COLUMN], count)
    elif bias >= 0:
        registers = spread(tile, arena, bias, count)
    taps_x, x_tap, x_row = d[TAPS_X], d[DILATION_X] * lanes(tile), d[DILATION_Y] * d[X_ROW]
    w_row = taps_x * rows(tile)
    w_channel = d[TAPS_Y] * w_row
    inputs = min(d[INPUT_BLOCK], d[INPUTS] - c0)
    x_channel = d[X_CHANNEL]
    registers = _sum_taps(
        tile, registers, arena, x, x_step, x_channel, x_row, x_tap, w, w_channel, w_row, inputs, i0, i1, j0, j1
    )
    if c0 + inputs == d[INPUTS]:
        registers = _activate(registers, d[ACTIVATION], real(d, SLOPE))
    save(registers, arena, y, d[Y_CHANNEL], d[Y_COLUMN], count)


@routine
def _slide_columns(tile, arena, d, x, x_step, y, w, c0, bias, count, i0, i1, begin, end):
    """Outputs begin … end of a row, a column at a time, each with the taps that lie on real inputs."""
    single = narrow(tile)
    for column in range(begin, end):
        position = column * d[STRIDE_X] - d[BEFORE_X]
        j0 = first_tap(position, d[DILATION_X])
        j1 = last_tap(position, d[DILATION_X], d[TAPS_X], d[WIDTH])
        at = x + position * lanes(tile)
        _slide_tile(single, arena, d, at, x_step, y + column * d[Y_COLUMN], w, c0, bias, count, i0, i1, j0, j1)


@routine
def _slide_row(tile, arena, d, x, x_step, y, w, c0, bias, count, i0, i1):
    """One output row of a block of output channels: tiles inside, single columns at the borders."""
    low = first_output(-d[BEFORE_X], d[STRIDE_X], d[OUT_WIDTH])
    reach = d[DILATION_X] * (d[TAPS_X] - 1)
    high = max(low, last_output(reach - d[BEFORE_X], d[STRIDE_X], d[OUT_WIDTH], d[WIDTH]))
    whole = low + (high - low) // columns(tile) * columns(tile)
    _slide_columns(tile, arena, d, x, x_step, y, w, c0, bias, count, i0, i1, 0, low)
    for column in range(low, whole, columns(tile)):
        at = x + (column * d[STRIDE_X] - d[BEFORE_X]) * lanes(tile)
        into = y + column * d[Y_COLUMN]
        _slide_tile(tile, arena, d, at, x_step, into, w, c0, bias, count, i0, i1, 0, d[TAPS_X])
    _slide_columns(tile, arena, d, x, x_step, y, w, c0, bias, count, i0, i1, whole, d[OUT_WIDTH])


@routine
def _slide_unit(tile, arena, d, x_step, group, row):
    """An output row of all channels: blocks of inputs outside, so that their rows stay in the nearest cache."""
    position = row * d[STRIDE_Y] - d[BEFORE_Y]
    i0 = first_tap(position, d[DILATION_Y])
    i1 = last_tap(position, d[DILATION_Y], d[TAPS_Y], d[HEIGHT])
    blocks = (d[OUTPUTS] + rows(tile) - 1) // rows(tile)
    channel_weights = d[TAPS_Y] * d[TAPS_X] * rows(tile)
    for q in range(d[CHANNEL_GROUPS]):
        for c0 in range(0, d[INPUTS], d[INPUT_BLOCK]):
            x = d[X] + group * d[X_GROUP] + (q * d[INPUTS] + c0) * d[X_CHANNEL] + position * d[X_ROW]
            for b in range(blocks):
                k = q * d[OUTPUTS] + b * rows(tile)
                y = d[Y] + group * d[Y_GROUP] + k * d[Y_CHANNEL] + row * d[Y_ROW]
                w = d[WEIGHTS] + ((q * blocks + b) * d[INPUTS] + c0) * channel_weights
                bias = d[BIAS] + k if d[BIAS] >= 0 else NO_BIAS
                count = min(rows(tile), d[OUTPUTS] - b * rows(tile))
                _slide_row(tile, arena, d, x, x_step, y, w, c0, bias, count, i0, i1)


@kernel
def slide(tile, arena, d, state, begin, end, thread):
    """The sliding sum with neighbouring outputs on neighbouring inputs. Unit: an output row of a group."""
    for unit in range(begin, end):
        _slide_unit(tile, arena, d, lanes(tile), unit // d[OUT_HEIGHT], unit % d[OUT_HEIGHT])


@kernel
def slide_apart(tile, arena, d, state, begin, end, thread):
    """The sliding sum with any stride along a row. Unit: an output row of a group."""
    for unit in range(begin, end):
        x_step = d[STRIDE_X] * lanes(tile)
        _slide_unit(tile, arena, d, x_step, unit // d[OUT_HEIGHT], unit % d[OUT_HEIGHT])

"""Convolution and its input gradient: one kernel that slides a register tile over the rows of an output.

A tile's rows are output channels, its columns neighbouring positions of an output row. Weights are packed before, so
that a tile's factors lie side by side: [group of channels][block][input][i][j][rows].
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from netspec.kernels.cpu.activations import RELU
from netspec.kernels.cpu.clipping import first_output, first_tap, last_output, last_tap
from netspec.kernels.cpu.jit import kernel, routine
from netspec.kernels.cpu.max_pool import NO_INDEX, halve
from netspec.kernels.cpu.planes import NO_BIAS
from netspec.kernels.cpu.products import outer
from netspec.kernels.cpu.state import SCRATCH
from netspec.kernels.cpu.tile import columns, lanes, load, narrow, prefetch, rectify, rows, save, spread, zeros

# Words of the descriptor of `slide`. Strides count float32 numbers. A unit is STRIP rows of an output: one, which lies
# at Y, or two, which lie in the scratch of the thread until the largest of each 2x2 go to POOLED, and which to INDEX.
(X, X_GROUP, X_CHANNEL, X_ROW, HEIGHT, WIDTH) = range(6)
(Y, Y_GROUP, Y_CHANNEL, Y_ROW, Y_COLUMN, STRIPS, OUT_WIDTH) = range(6, 13)
(TAPS_Y, TAPS_X, DILATION_Y, DILATION_X, STRIDE_Y, STRIDE_X, BEFORE_Y, BEFORE_X) = range(13, 21)
(WEIGHTS, INPUTS, OUTPUTS, CHANNEL_GROUPS, INPUT_BLOCK, SEGMENT, BIAS, ACTIVATION) = range(21, 29)
(STRIP, POOLED, POOLED_GROUP, POOLED_CHANNEL, POOLED_ROW, INDEX, INDEX_GROUP) = range(29, 36)


@routine
def _slide_tile(tile, arena, d, x, y, w, bias, first, inputs, count, i0, i1, j0, j1):
    """One tile of outputs from the taps i0 … i1, j0 … j1 of `inputs` channels, `first` the number of the first.

    x and w are where tap 0, 0 of the first channel lies. Sums of earlier channels stand in the output already.
    """
    registers = zeros(tile)
    if first > 0:
        registers = load(tile, arena, y, d[Y_CHANNEL], d[Y_COLUMN], count)
    else:
        prefetch(tile, arena, y, d[Y_CHANNEL], d[Y_COLUMN], count)
        if bias >= 0:
            registers = spread(tile, arena, bias, count)
    height, x_step, x_tap = rows(tile), d[STRIDE_X] * lanes(tile), d[DILATION_X] * lanes(tile)
    x_channel, x_row = d[X_CHANNEL], d[DILATION_Y] * d[X_ROW]
    w_row = d[TAPS_X] * height
    w_channel = d[TAPS_Y] * w_row
    for c in range(inputs):
        for i in range(i0, i1):
            at = x + c * x_channel + i * x_row + j0 * x_tap
            factors = w + c * w_channel + i * w_row + j0 * height
            for _ in range(j0, j1):
                registers = outer(registers, arena, at, x_step, factors)
                at += x_tap
                factors += height
    if d[ACTIVATION] == RELU and first + inputs == d[INPUTS]:
        registers = rectify(registers)
    save(registers, arena, y, d[Y_CHANNEL], d[Y_COLUMN], count)


@routine
def _slide_row(tile, arena, d, group, row, result):
    """All output channels of row `row` of a group of images, to where channel 0 of it lies.

    Positions `low` … `high` see the whole window and are done in tiles; the others, and what tiles leave over, a column
    at a time with the taps that lie on real inputs. All blocks of outputs are done for SEGMENT positions before the
    next begin, so that the inputs under them stay in the second cache. Where a block of input channels is not all of
    them, the sums of the earlier ones stand in the output.
    """
    out_width, width, stride, before = d[OUT_WIDTH], d[WIDTH], d[STRIDE_X], d[BEFORE_X]
    taps, dilation = d[TAPS_X], d[DILATION_X]
    low = first_output(-before, stride, out_width)
    high = last_output(dilation * (taps - 1) - before, stride, out_width, width)
    blocks = (d[OUTPUTS] + rows(tile) - 1) // rows(tile)
    passes = (d[INPUTS] + d[INPUT_BLOCK] - 1) // d[INPUT_BLOCK]
    position_y = row * d[STRIDE_Y] - d[BEFORE_Y]
    i0 = first_tap(position_y, d[DILATION_Y])
    i1 = last_tap(position_y, d[DILATION_Y], d[TAPS_Y], d[HEIGHT])
    start = 0
    while start < out_width:
        column = start
        for part in range(d[CHANNEL_GROUPS] * passes * blocks):
            b, first, q = part % blocks, part // blocks % passes * d[INPUT_BLOCK], part // (blocks * passes)
            inputs, count = min(d[INPUT_BLOCK], d[INPUTS] - first), min(rows(tile), d[OUTPUTS] - b * rows(tile))
            k = q * d[OUTPUTS] + b * rows(tile)
            bias = d[BIAS] + k if d[BIAS] >= 0 else NO_BIAS
            w = d[WEIGHTS] + ((q * blocks + b) * d[INPUTS] + first) * d[TAPS_Y] * taps * rows(tile)
            x = d[X] + group * d[X_GROUP] + (q * d[INPUTS] + first) * d[X_CHANNEL] + position_y * d[X_ROW]
            y = result + k * d[Y_CHANNEL]
            column = start
            while column < min(start + d[SEGMENT], out_width):
                position = column * stride - before
                at, into = x + position * lanes(tile), y + column * d[Y_COLUMN]
                if low <= column and column + columns(tile) <= high:
                    _slide_tile(tile, arena, d, at, into, w, bias, first, inputs, count, i0, i1, 0, taps)
                    column += columns(tile)
                else:
                    j0, j1 = first_tap(position, dilation), last_tap(position, dilation, taps, width)
                    _slide_tile(narrow(tile), arena, d, at, into, w, bias, first, inputs, count, i0, i1, j0, j1)
                    column += 1
        start = column


@routine
def _pool_strip(tile, arena, d, group, n, strip):
    """The largest of each whole 2x2 of two rows, which become row n of all channels."""
    y = d[POOLED] + group * d[POOLED_GROUP] + n * d[POOLED_ROW]
    index = d[INDEX] + group * d[INDEX_GROUP] + n * d[POOLED_ROW]
    for _ in range(d[CHANNEL_GROUPS] * d[OUTPUTS]):
        halve(tile, arena, strip, d[Y_ROW], 2, d[OUT_WIDTH], y, index, d[POOLED_ROW], d[INDEX] != NO_INDEX)
        strip += d[Y_CHANNEL]
        y += d[POOLED_CHANNEL]
        index += d[POOLED_CHANNEL]


@kernel
def slide(tile, arena, d, state, begin, end, thread):
    """The sliding sum. Unit: an output row of a group of images, or two that are pooled while they are in the cache."""
    for unit in range(begin, end):
        group, n = unit // d[STRIPS], unit % d[STRIPS]
        pooled = d[STRIP] > 1
        result = state[SCRATCH] if pooled else d[Y] + group * d[Y_GROUP] + n * d[Y_ROW]
        for r in range(d[STRIP]):
            _slide_row(tile, arena, d, group, n * d[STRIP] + r, result + r * d[Y_ROW])
        if pooled:
            _pool_strip(tile, arena, d, group, n, result)

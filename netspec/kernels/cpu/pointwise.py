"""Convolution of 1x1 windows: a product of matrices, weights times channels, at every position by itself.

A tile's rows are output channels, its columns neighbouring positions. Without a stride a whole plane is one row of
positions, so there are no borders and few remainders. Weights are packed as for the sliding sum: [group of
channels][block][input][rows].
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from netspec.kernels.cpu.activations import RELU
from netspec.kernels.cpu.jit import kernel, routine
from netspec.kernels.cpu.planes import NO_BIAS
from netspec.kernels.cpu.products import outer
from netspec.kernels.cpu.tile import columns, load, narrow, prefetch, rectify, rows, save, spread, zeros

# Words of the descriptor. Strides count float32 numbers; ROWS x WIDTH are the positions, x of them and y of them.
(X, X_GROUP, X_CHANNEL, X_ROW, X_COLUMN) = range(5)
(Y, Y_GROUP, Y_CHANNEL, Y_ROW, Y_COLUMN) = range(5, 10)
(WIDTH, SEGMENT, SEGMENTS, UNITS) = range(10, 14)
(WEIGHTS, INPUTS, OUTPUTS, CHANNEL_GROUPS, INPUT_BLOCK, BIAS, ACTIVATION) = range(14, 21)


@routine
def _multiply(tile, arena, d, x, y, w, bias, first, inputs, count):
    """One tile of outputs from `inputs` channels, of which x and w are those of the first, number `first`. Sums of
    earlier channels stand in the output already."""
    registers = zeros(tile)
    if first > 0:
        registers = load(tile, arena, y, d[Y_CHANNEL], d[Y_COLUMN], count)
    else:
        prefetch(tile, arena, y, d[Y_CHANNEL], d[Y_COLUMN], count)
        if bias >= 0:
            registers = spread(tile, arena, bias, count)
    x_channel, x_step = d[X_CHANNEL], d[X_COLUMN]
    for _ in range(inputs):
        registers = outer(registers, arena, x, x_step, w)
        x += x_channel
        w += rows(tile)
    if d[ACTIVATION] == RELU and first + inputs == d[INPUTS]:
        registers = rectify(registers)
    save(registers, arena, y, d[Y_CHANNEL], d[Y_COLUMN], count)


@kernel
def multiply_channels(tile, arena, d, state, begin, end, thread):
    """Unit: all outputs of a segment of a row of positions of a group of images.

    A block of input channels is done for all outputs before the next, so that the inputs under a segment stay in the
    first cache; the sums of earlier blocks stand in the output.
    """
    blocks = (d[OUTPUTS] + rows(tile) - 1) // rows(tile)
    passes = (d[INPUTS] + d[INPUT_BLOCK] - 1) // d[INPUT_BLOCK]
    for unit in range(begin, end):
        group, part = unit // d[UNITS], unit % d[UNITS]
        row, start = part // d[SEGMENTS], part % d[SEGMENTS] * d[SEGMENT]
        stop = min(start + d[SEGMENT], d[WIDTH])
        for piece in range(d[CHANNEL_GROUPS] * passes * blocks):
            b, first, q = piece % blocks, piece // blocks % passes * d[INPUT_BLOCK], piece // (blocks * passes)
            inputs, count = min(d[INPUT_BLOCK], d[INPUTS] - first), min(rows(tile), d[OUTPUTS] - b * rows(tile))
            k = q * d[OUTPUTS] + b * rows(tile)
            bias = d[BIAS] + k if d[BIAS] >= 0 else NO_BIAS
            w = d[WEIGHTS] + ((q * blocks + b) * d[INPUTS] + first) * rows(tile)
            x = d[X] + group * d[X_GROUP] + (q * d[INPUTS] + first) * d[X_CHANNEL] + row * d[X_ROW]
            y = d[Y] + group * d[Y_GROUP] + k * d[Y_CHANNEL] + row * d[Y_ROW]
            column = start
            while column + columns(tile) <= stop:
                at, into = x + column * d[X_COLUMN], y + column * d[Y_COLUMN]
                _multiply(tile, arena, d, at, into, w, bias, first, inputs, count)
                column += columns(tile)
            while column < stop:
                at, into = x + column * d[X_COLUMN], y + column * d[Y_COLUMN]
                _multiply(narrow(tile), arena, d, at, into, w, bias, first, inputs, count)
                column += 1

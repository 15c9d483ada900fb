"""Sums over windows with lanes = output channels: convolution, deconvolution, local and dense layers.

A tile's rows are neighbouring pixels of an output row, its columns vectors of output channels. Weights come packed,
[block][vector of inputs][i][j][input][columns][lanes], and are read once a unit, in that order.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from netspec.kernels.cpu.activations import IDENTITY, activate
from netspec.kernels.cpu.channel_products import ask_ahead, columns_spread, outer_spaced
from netspec.kernels.cpu.jit import kernel, routine
from netspec.kernels.cpu.memory import real
from netspec.kernels.cpu.tile import columns, lanes, load, rows, save
from netspec.kernels.cpu.vector import load as load_vector
from netspec.kernels.cpu.vector import store

# Words of the descriptor of `sum_windows`. Steps and strides count float32 numbers.
(X, X_IMAGE, X_VECTOR, X_ROW, X_STRIDE_ROWS, ABREAST, CHANNELS) = range(7)
(Y, Y_IMAGE, Y_VECTOR, Y_ROW, Y_VECTORS, OUT_HEIGHT, OUT_WIDTH) = range(7, 14)
(WEIGHTS, W_BLOCK, W_ROW, W_COLUMN, BIAS, BIAS_ROW, BIAS_COLUMN, TAPS_Y, TAPS_X) = range(14, 23)
(BLOCKS, INPUT_BLOCK, CHUNKS, CHUNK_ROWS, ACTIVATION, SLOPE) = range(23, 29)
TABLE = 29
"""then for each block of outputs its first vector of inputs and one behind its last, and for each tap of a row where
it is read"""

AHEAD = 2048
"""float32 numbers between the weights that are used and those that are asked for: from memory they come late"""


@routine
def _sum_vectors(tile, arena, d, x, w, taps, registers, first, last):
    """Adds the products of the vectors of inputs first … last."""
    width, step = columns(tile) * lanes(tile), lanes(tile)
    for a in range(first, last):
        inner = min(step, d[CHANNELS] - a * step)
        for i in range(d[TAPS_Y]):
            row = x + a * d[X_VECTOR] + i * d[X_ROW]
            for j in range(d[TAPS_X]):
                at = row + d[taps + j]
                for _ in range(inner):
                    ask_ahead(tile, arena, w + AHEAD)
                    registers = outer_spaced(registers, arena, w, at, step)
                    at += 1
                    w += width
    return registers


@routine
def _sum_planes(tile, arena, d, x, w, taps, registers, first, last):
    """The same where channels lie plainly. Without the loop over lanes, or the pixels that two of its rounds share
    would be kept, and the sums would leave the registers for them."""
    width = columns(tile) * lanes(tile)
    for a in range(first, last):
        for i in range(d[TAPS_Y]):
            row = x + a * d[X_VECTOR] + i * d[X_ROW]
            for j in range(d[TAPS_X]):
                registers = outer_spaced(registers, arena, w, row + d[taps + j], 1)
                w += width
    return registers


@routine
def _finish(tile, arena, d, y, vectors, count):
    """The activation of outputs that have just been stored."""
    code, slope = d[ACTIVATION], real(d, SLOPE)
    for c in range(vectors):
        for r in range(count):
            place = y + c * d[Y_VECTOR] + r * lanes(tile)
            store(arena, place, activate(load_vector(tile, arena, place), code, slope))


@routine
def _row(tile, arena, d, image, block, row, first, last, weights, begin):
    """One row of outputs of a block of channels, from the vectors of inputs first … last; `begin` is the block's
    first, and the sums of those before `first` stand in the output."""
    taps = TABLE + 2 * d[BLOCKS]
    y_row = d[Y] + image * d[Y_IMAGE] + block * columns(tile) * d[Y_VECTOR] + row * d[Y_ROW]
    x_row = d[X] + image * d[X_IMAGE] + row * d[X_STRIDE_ROWS]
    bias_row = d[BIAS] + block * columns(tile) * lanes(tile) + row * d[BIAS_ROW]
    vectors = min(columns(tile), d[Y_VECTORS] - block * columns(tile))
    for column in range(0, d[OUT_WIDTH], rows(tile)):
        count, y = min(rows(tile), d[OUT_WIDTH] - column), y_row + column * lanes(tile)
        w = weights + row * d[W_ROW] + column * d[W_COLUMN]
        if first == begin:
            registers = columns_spread(tile, arena, bias_row + column * d[BIAS_COLUMN])
        else:
            registers = load(tile, arena, y, lanes(tile), d[Y_VECTOR], count)
        if d[ABREAST] == 1:
            registers = _sum_planes(tile, arena, d, x_row + column, w, taps, registers, first, last)
        else:
            x = x_row + column * lanes(tile)
            registers = _sum_vectors(tile, arena, d, x, w, taps, registers, first, last)
        save(registers, arena, y, lanes(tile), d[Y_VECTOR], count)
        if last == d[TABLE + 2 * block + 1] and d[ACTIVATION] != IDENTITY:
            _finish(tile, arena, d, y, vectors, count)


@kernel
def sum_windows(tile, arena, d, state, begin, end, thread):
    """Unit: some rows of a block of output channels of an image. Where the weights of a block of inputs would leave
    the cache from one row to the next, inputs are summed some vectors at a time."""
    width = columns(tile) * lanes(tile)
    for unit in range(begin, end):
        chunk, block = unit % d[CHUNKS], unit // d[CHUNKS] % d[BLOCKS]
        image = unit // (d[CHUNKS] * d[BLOCKS])
        lowest, highest = d[TABLE + 2 * block], d[TABLE + 2 * block + 1]
        first_row = chunk * d[CHUNK_ROWS]
        last_row = min(first_row + d[CHUNK_ROWS], d[OUT_HEIGHT])
        first = lowest
        while first < highest:
            last = min(first + d[INPUT_BLOCK], highest)
            weights = d[WEIGHTS] + block * d[W_BLOCK]
            weights += (first - lowest) * d[ABREAST] * d[TAPS_Y] * d[TAPS_X] * width
            for row in range(first_row, last_row):
                _row(tile, arena, d, image, block, row, first, last, weights, lowest)
            first = last

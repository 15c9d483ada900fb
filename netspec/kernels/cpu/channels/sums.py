"""Sums over windows whose lanes hold output channels: convolution, deconvolution, local and dense layers.

Rows of a tile are neighbouring pixels of an output row, columns vectors of output channels. Weights are packed as
[block][vector of inputs][i][j][input][columns][lanes], and are read once a unit, in that order.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import NamedTuple

from netspec.kernels.cpu.channels.products import columns_spread, outer_spaced, prefetch_columns
from netspec.kernels.cpu.language.descriptor import ChannelMap, Words, places
from netspec.kernels.cpu.language.jit import kernel, routine
from netspec.kernels.cpu.language.memory import real
from netspec.kernels.cpu.language.tile import clamp, columns, lanes, load, rows, save
from netspec.kernels.cpu.language.vector import load as load_vector
from netspec.kernels.cpu.language.vector import splat, store
from netspec.kernels.cpu.layers.activations import IDENTITY, activate

AHEAD = 2048
"""Distance of prefetched weights from the weights in use, in float32 numbers."""


class Ending(NamedTuple):
    """What becomes of a sum: bounds from below and from above, then an activation that does more than bound."""

    low: float
    high: float
    activation: int
    slope: float


class Gaps(NamedTuple):
    """float32 numbers of zeros in a map with margins: before the first row, between two rows, behind the last one."""

    before: int
    between: int
    behind: int


class SumWindows(NamedTuple):
    """Words of `sum_windows`. Steps and strides count float32 numbers. `inputs` are for each block of outputs
    its first vector of inputs and the end of them."""

    x: ChannelMap
    x_row: int
    x_column: int
    x_stride_rows: int
    x_stride_columns: int
    vector_channels: int
    channels: int
    y: ChannelMap
    y_row: int
    y_vectors: int
    y_gaps: Gaps
    out_height: int
    out_width: int
    weights: int
    w_block: int
    w_row: int
    w_column: int
    bias: int
    bias_row: int
    bias_column: int
    taps_y: int
    taps_x: int
    blocks: int
    input_block: int
    chunks: int
    chunk_rows: int
    ending: Ending
    inputs: tuple[int, ...]


SUMS = places(SumWindows)


@routine
def _sum_vectors(tile, arena, d, x, w, registers, first, last, x_step):
    """Adds the products of the vectors of inputs first … last; pixels of neighbouring outputs are `x_step` apart."""
    width, step = columns(tile) * lanes(tile), lanes(tile)
    for a in range(first, last):
        inner = min(step, d[SUMS.channels] - a * step)
        for i in range(d[SUMS.taps_y]):
            row = x + a * d[SUMS.x.vector] + i * d[SUMS.x_row]
            for j in range(d[SUMS.taps_x]):
                at = row + j * d[SUMS.x_column]
                for _ in range(inner):
                    prefetch_columns(tile, arena, w + AHEAD)
                    registers = outer_spaced(registers, arena, w, at, x_step)
                    at += 1
                    w += width
    return registers


@routine
def _sum_planes(tile, arena, d, x, w, registers, first, last, x_step):
    """The same for one channel a vector. It has no loop over lanes: otherwise the pixels that two of its rounds share
    would be kept in registers, and the sums would be spilled."""
    width = columns(tile) * lanes(tile)
    for a in range(first, last):
        for i in range(d[SUMS.taps_y]):
            at = x + a * d[SUMS.x.vector] + i * d[SUMS.x_row]
            for _ in range(d[SUMS.taps_x]):
                registers = outer_spaced(registers, arena, w, at, x_step)
                at += d[SUMS.x_column]
                w += width
    return registers


@routine
def _sum(tile, arena, d, x, w, registers, first, last):
    """The products of either kind of input. A stride of 1 has loops of its own, in which steps are constants."""
    step, stride = lanes(tile), d[SUMS.x_stride_columns]
    if d[SUMS.vector_channels] == 1:
        if stride == 1:
            return _sum_planes(tile, arena, d, x, w, registers, first, last, 1)
        return _sum_planes(tile, arena, d, x, w, registers, first, last, stride)
    if stride == step:
        return _sum_vectors(tile, arena, d, x, w, registers, first, last, step)
    return _sum_vectors(tile, arena, d, x, w, registers, first, last, stride)


@routine
def _activate(tile, arena, d, y, vectors, count):
    """The activation of outputs that have just been stored."""
    code, slope = d[SUMS.ending.activation], real(d, SUMS.ending.slope)
    for c in range(vectors):
        for r in range(count):
            place = y + c * d[SUMS.y.vector] + r * lanes(tile)
            store(arena, place, activate(load_vector(tile, arena, place), code, slope))


@routine
def _clear_gaps(tile, arena, d, y, row, vectors):
    """Zeros before a row of outputs, and behind it if it is the last one."""
    before = d[SUMS.y_gaps.between] if row > 0 else d[SUMS.y_gaps.before]
    behind = d[SUMS.y_gaps.behind] if row == d[SUMS.out_height] - 1 else 0
    end = d[SUMS.out_width] * lanes(tile)
    for c in range(vectors):
        for k in range(-before, 0, lanes(tile)):
            store(arena, y + c * d[SUMS.y.vector] + k, splat(tile, 0.0))
        for k in range(end, end + behind, lanes(tile)):
            store(arena, y + c * d[SUMS.y.vector] + k, splat(tile, 0.0))


@routine
def _row(tile, arena, d, image, block, row, first, last, weights, begin):
    """One row of outputs of a block of channels, summed over the vectors of inputs first … last. `begin` is the block's
    first vector; for a later `first`, the output holds the sums of the vectors before it."""
    y_row = d[SUMS.y.place] + image * d[SUMS.y.image] + block * columns(tile) * d[SUMS.y.vector] + row * d[SUMS.y_row]
    x_row = d[SUMS.x.place] + image * d[SUMS.x.image] + row * d[SUMS.x_stride_rows]
    bias_row = d[SUMS.bias] + block * columns(tile) * lanes(tile) + row * d[SUMS.bias_row]
    vectors, end = min(columns(tile), d[SUMS.y_vectors] - block * columns(tile)), d[SUMS.inputs + 2 * block + 1]
    if first == begin:
        _clear_gaps(tile, arena, d, y_row, row, vectors)
    for column in range(0, d[SUMS.out_width], rows(tile)):
        count, y = min(rows(tile), d[SUMS.out_width] - column), y_row + column * lanes(tile)
        w = weights + row * d[SUMS.w_row] + column * d[SUMS.w_column]
        if first == begin:
            registers = columns_spread(tile, arena, bias_row + column * d[SUMS.bias_column])
        else:
            registers = load(tile, arena, y, lanes(tile), d[SUMS.y.vector], count)
        registers = _sum(tile, arena, d, x_row + column * d[SUMS.x_stride_columns], w, registers, first, last)
        if last == end:
            registers = clamp(registers, real(d, SUMS.ending.low), real(d, SUMS.ending.high))
        save(registers, arena, y, lanes(tile), d[SUMS.y.vector], count)
        if last == end and d[SUMS.ending.activation] != IDENTITY:
            _activate(tile, arena, d, y, vectors, count)


@kernel
def sum_windows(tile, arena, d: Words[SumWindows], state, begin, end, thread):
    """Unit: some rows of a block of output channels of an image. Where the weights of a block of inputs would leave the
    cache between one row and the next, inputs are summed some vectors at a time."""
    width = columns(tile) * lanes(tile)
    for unit in range(begin, end):
        chunk, block = unit % d[SUMS.chunks], unit // d[SUMS.chunks] % d[SUMS.blocks]
        image = unit // (d[SUMS.chunks] * d[SUMS.blocks])
        lowest, highest = d[SUMS.inputs + 2 * block], d[SUMS.inputs + 2 * block + 1]
        first_row = chunk * d[SUMS.chunk_rows]
        last_row = min(first_row + d[SUMS.chunk_rows], d[SUMS.out_height])
        first = lowest
        while first < highest:
            last = min(first + d[SUMS.input_block], highest)
            weights = d[SUMS.weights] + block * d[SUMS.w_block]
            weights += (first - lowest) * d[SUMS.vector_channels] * d[SUMS.taps_y] * d[SUMS.taps_x] * width
            for row in range(first_row, last_row):
                _row(tile, arena, d, image, block, row, first, last, weights, lowest)
            first = last

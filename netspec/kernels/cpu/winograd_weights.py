"""The weight gradient by Winograd's algorithm: of all patches, the products of transformed inputs and cotangents.

A thread takes a block of input and output channels through a chunk of patches at a time, and keeps the 36 sums of
every pair of channels in its own scratch until the last patch is done; then 36 sums become the gradient of a kernel.
Before that the lanes of the inputs are turned from images to input channels, once for all patches of a chunk that
stand side by side: so a sum over images runs through a register like any other, and no lanes are to be added at the
end. A tile's rows are output channels, its columns vectors of input channels.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from netspec.kernels.cpu.jit import kernel, routine
from netspec.kernels.cpu.products import outer_lane
from netspec.kernels.cpu.state import GROUPS, SCRATCH
from netspec.kernels.cpu.tile import columns, lanes, rows, save, zeros
from netspec.kernels.cpu.tile import load as load_tile
from netspec.kernels.cpu.turn import turn_rows
from netspec.kernels.cpu.vector import load, splat, store
from netspec.kernels.cpu.winograd_rules import PRODUCTS, SIZE
from netspec.kernels.cpu.winograd_transforms import (
    kernel_gradient_3,
    kernel_gradient_5,
    transform_cotangents_2,
    transform_cotangents_4,
    transform_input,
)

# Words of the descriptor of `multiply_patches`. Strides count float32 numbers; SIDE x SIDE are the outputs of a patch.
(X, X_GROUP, X_CHANNEL, X_ROW, HEIGHT, WIDTH, INPUTS) = range(7)
(DY, DY_GROUP, DY_CHANNEL, DY_ROW, OUT_HEIGHT, OUT_WIDTH, OUTPUTS) = range(7, 14)
(SIDE, TAPS, BEFORE_Y, BEFORE_X) = range(14, 18)
(BLOCK_OUTPUTS, BLOCK_INPUTS, OUTPUT_BLOCKS, PARTS, CHUNK) = range(18, 23)
(SUM_PLANE, DATA_PLANE, COTANGENT_PLANE, RESULT, RESULT_PART) = range(23, 28)

# Words of the descriptor of `add_parts`: numbers of a part, how many parts, and where the sums go.
(GIVEN, NUMBERS, COUNT, TOTAL) = range(4)
RUN = 1024
"""Numbers of a unit of `add_parts`."""


@routine
def _turn_row(tile, arena, d, x, channels, x0, count, into, column):
    """Columns x0 … x0 + count of a row of the map for a vector of channels, of which `channels` are there: an image
    after the other, a lane a channel, positions `column` numbers apart. What lies outside is zero."""
    step = lanes(tile)
    for j in range(x0, x0 + count):
        if 0 <= j < d[WIDTH]:
            turn_rows(tile, arena, x + j * step, d[X_CHANNEL], channels, into, step, step)
        else:
            _clear(tile, arena, into, step)
        into += column


@routine
def _clear(tile, arena, place, count):
    for i in range(count):
        store(arena, place + i * lanes(tile), splat(tile, 0.0))


@routine
def _take_inputs(tile, arena, d, x, y0, x0, count, c0, into, spare):
    """A block of channels of `count` neighbouring patches, of which the first begins at row y0, column x0: transformed,
    a lane a channel, an image after the other, of each the columns of a tile. Lanes are turned once for all of them;
    those behind the last channel repeat it, and nobody reads what comes of them."""
    step, inputs, side = lanes(tile), d[INPUTS], d[SIDE]
    width, column = columns(tile) * step, (step + 1) * step
    across = side * (count - 1) + SIZE
    for c in range(c0, min(inputs, c0 + d[BLOCK_INPUTS]), step):
        for i in range(SIZE):
            row = spare + i * across * column
            if 0 <= y0 + i < d[HEIGHT]:
                at = x + c * d[X_CHANNEL] + (y0 + i) * d[X_ROW]
                _turn_row(tile, arena, d, at, min(step, inputs - c), x0, across, row, column)
            else:
                _clear(tile, arena, row, across * (step + 1))
        place = into + (c - c0) // width * d[CHUNK] * step * width + (c - c0) % width
        for t in range(count):
            at = spare + t * side * column
            for _ in range(step):
                transform_input(tile, arena, at, across * column, column, place, SIZE * d[DATA_PLANE], d[DATA_PLANE])
                at += step
                place += width


@routine
def _copy_patch(tile, arena, x, row, height, width, into, side):
    """The first rows and columns of a patch at x, to their places in a patch of side x side vectors."""
    step = lanes(tile)
    for i in range(height):
        for j in range(width):
            store(arena, into + (i * side + j) * step, load(tile, arena, x + i * row + j * step))


@routine
def _take_cotangents(tile, arena, d, dy, height, width, k0, into, spare):
    """A block of channels of a patch of cotangents, transformed, a lane an image; of the patch `height` rows and
    `width` columns are there. What lies outside, and the rest of the last tile, is zero."""
    step, side, plane = lanes(tile), d[SIDE], d[COTANGENT_PLANE]
    whole = height >= side and width >= side
    _clear(tile, arena, spare, PRODUCTS)
    for k in range(k0, min(k0 + d[BLOCK_OUTPUTS], (d[OUTPUTS] + rows(tile) - 1) // rows(tile) * rows(tile))):
        at, down, r = dy + k * d[DY_CHANNEL], d[DY_ROW], k - k0
        place = into + r // rows(tile) * d[CHUNK] * rows(tile) * step + r % rows(tile) * step
        if k >= d[OUTPUTS]:
            for e in range(PRODUCTS):
                store(arena, place + e * plane, splat(tile, 0.0))
            continue
        if not whole:
            _copy_patch(tile, arena, at, down, min(side, height), min(side, width), spare, side)
            at, down = spare, side * step
        if side == 4:
            transform_cotangents_4(tile, arena, at, down, step, place, SIZE * plane, plane)
        else:
            transform_cotangents_2(tile, arena, at, down, step, place, SIZE * plane, plane)


@routine
def _take_chunk(tile, arena, d, first, count, k0, c0, data, cotangents, spare):
    """Transforms `count` patches from number `first` on; those of a group of images follow each other."""
    step, side = lanes(tile), d[SIDE]
    across = (d[OUT_WIDTH] + side - 1) // side
    patches = across * ((d[OUT_HEIGHT] + side - 1) // side)
    t = 0
    while t < count:
        group, n = (first + t) // patches, (first + t) % patches
        y0, x0, run = n // across * side, n % across * side, min(count - t, across - n % across)
        x, into = d[X] + group * d[X_GROUP], data + t * step * columns(tile) * step
        _take_inputs(tile, arena, d, x, y0 - d[BEFORE_Y], x0 - d[BEFORE_X], run, c0, into, spare)
        for _ in range(run):
            dy, into = d[DY] + group * d[DY_GROUP] + y0 * d[DY_ROW] + x0 * step, cotangents + t * rows(tile) * step
            _take_cotangents(tile, arena, d, dy, d[OUT_HEIGHT] - y0, d[OUT_WIDTH] - x0, k0, into, spare)
            x0 += side
            t += 1


@routine
def _multiply_chunk(tile, arena, d, count, fresh, high, across, sums, data, cotangents):
    """Adds the products of `count` patches to the sums of `high` x `across` tiles, or starts them anew if `fresh`."""
    step, width = lanes(tile), columns(tile) * lanes(tile)
    for e in range(PRODUCTS):
        for b in range(across):
            for a in range(high):
                place = sums + e * d[SUM_PLANE] + (b * high + a) * rows(tile) * width
                x = data + e * d[DATA_PLANE] + b * d[CHUNK] * step * width
                w = cotangents + e * d[COTANGENT_PLANE] + a * d[CHUNK] * rows(tile) * step
                registers = zeros(tile)
                if not fresh:
                    registers = load_tile(tile, arena, place, width, step, rows(tile))
                for _ in range(count):
                    for _ in range(step):
                        registers = outer_lane(registers, arena, x, w)
                        x += width
                        w += 1
                    w += (rows(tile) - 1) * step
                save(registers, arena, place, width, step, rows(tile))


@routine
def _give_kernels(tile, arena, d, k0, c0, high, sums, result, spare):
    """The gradients of the kernels of a block, from their 36 sums."""
    step, taps, width = lanes(tile), d[TAPS], columns(tile) * lanes(tile)
    for k in range(k0, min(k0 + d[BLOCK_OUTPUTS], d[OUTPUTS])):
        for c in range(c0, min(c0 + d[BLOCK_INPUTS], d[INPUTS]), step):
            b, a = (c - c0) // width, (k - k0) // rows(tile)
            at = sums + (b * high + a) * rows(tile) * width + (k - k0) % rows(tile) * width + (c - c0) % width
            if taps == 3:
                kernel_gradient_3(tile, arena, at, SIZE * d[SUM_PLANE], d[SUM_PLANE], spare, 3 * step, step)
            else:
                kernel_gradient_5(tile, arena, at, SIZE * d[SUM_PLANE], d[SUM_PLANE], spare, 5 * step, step)
            into = result + (k * d[INPUTS] + c) * taps * taps
            for lane in range(min(step, d[INPUTS] - c)):
                for tap in range(taps * taps):
                    arena[into + lane * taps * taps + tap] = arena[spare + tap * step + lane]


@kernel
def multiply_patches(tile, arena, d, state, begin, end, thread):
    """Unit: a part of the patches, of a block of output channels, of a block of input channels."""
    side, parts = d[SIDE], d[PARTS]
    patches = (d[OUT_WIDTH] + side - 1) // side * ((d[OUT_HEIGHT] + side - 1) // side) * state[GROUPS]
    sums = state[SCRATCH]
    data = sums + PRODUCTS * d[SUM_PLANE]
    cotangents = data + PRODUCTS * d[DATA_PLANE]
    spare = cotangents + PRODUCTS * d[COTANGENT_PLANE]
    for unit in range(begin, end):
        part, block = unit % parts, unit // parts
        k0, c0 = block % d[OUTPUT_BLOCKS] * d[BLOCK_OUTPUTS], block // d[OUTPUT_BLOCKS] * d[BLOCK_INPUTS]
        high = (min(d[BLOCK_OUTPUTS], d[OUTPUTS] - k0) + rows(tile) - 1) // rows(tile)
        width = columns(tile) * lanes(tile)
        across = (min(d[BLOCK_INPUTS], d[INPUTS] - c0) + width - 1) // width
        first, last = patches * part // parts, patches * (part + 1) // parts
        fresh = True
        while fresh or first < last:
            count = min(d[CHUNK], last - first)
            _take_chunk(tile, arena, d, first, count, k0, c0, data, cotangents, spare)
            _multiply_chunk(tile, arena, d, count, fresh, high, across, sums, data, cotangents)
            first += d[CHUNK]
            fresh = False
        _give_kernels(tile, arena, d, k0, c0, high, sums, d[RESULT] + part * d[RESULT_PART], spare)


@kernel
def add_parts(tile, arena, d, state, begin, end, thread):
    """The sums of all parts, in order. Unit: a run of numbers."""
    step, numbers = lanes(tile), d[NUMBERS]
    for unit in range(begin, end):
        i, last = unit * RUN, min(numbers, (unit + 1) * RUN)
        while i + step <= last:
            total = load(tile, arena, d[GIVEN] + i)
            for part in range(1, d[COUNT]):
                total = total + load(tile, arena, d[GIVEN] + part * numbers + i)
            store(arena, d[TOTAL] + i, total)
            i += step
        while i < last:
            number = arena[d[GIVEN] + i]
            for part in range(1, d[COUNT]):
                number += arena[d[GIVEN] + part * numbers + i]
            arena[d[TOTAL] + i] = number
            i += 1

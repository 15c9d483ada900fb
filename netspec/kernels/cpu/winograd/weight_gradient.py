"""The weight gradient by Winograd's algorithm: products of transformed inputs and cotangents, summed over all tiles.

A thread processes a block of input and output channels through chunks of tiles. Its scratch keeps the 36 sums of every
pair of channels until the last tile; then the gradient transform makes a filter's gradient of 36 sums. Before the input
transform, the lanes of the inputs are transposed from images to input channels, once for all neighbouring tiles of a
chunk: so a sum over images runs through a register, and no lanes are added at the end. Rows of the register tile are
output channels, its columns vectors of input channels.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import NamedTuple

from netspec.kernels.cpu.language.descriptor import Words, places
from netspec.kernels.cpu.language.jit import kernel, routine
from netspec.kernels.cpu.language.planes import Map
from netspec.kernels.cpu.language.products import outer_lane
from netspec.kernels.cpu.language.state import GROUPS, SCRATCH
from netspec.kernels.cpu.language.tile import columns, lanes, rows, save, zeros
from netspec.kernels.cpu.language.tile import load as load_tile
from netspec.kernels.cpu.language.transpose import transpose_rows
from netspec.kernels.cpu.language.vector import load, splat, store
from netspec.kernels.cpu.winograd.transforms import (
    transform_cotangents_2,
    transform_cotangents_4,
    transform_gradient_3,
    transform_gradient_5,
    transform_input,
)
from netspec.targets.cpu.winograd_tiles import INPUT_TILE, PRODUCTS

RUN = 1024
"""Numbers of a unit of `add_parts`."""


class MultiplyTiles(NamedTuple):
    """Words of `multiply_tiles`. An output tile has `side` x `side` cotangents; `targets/cpu/winograd_weight_blocks.py`
    divides the work into units."""

    x: Map
    inputs: int
    dy: Map
    outputs: int
    side: int
    taps: int
    before_y: int
    before_x: int
    block_outputs: int
    block_inputs: int
    output_blocks: int
    parts: int
    chunk: int
    sum_plane: int
    data_plane: int
    cotangent_plane: int
    result: int
    result_part: int


class AddParts(NamedTuple):
    """Words of `add_parts`: the parts, numbers of a part, the count of parts, and where the sums go."""

    partial: int
    numbers: int
    count: int
    total: int


MULTIPLY, ADD = places(MultiplyTiles), places(AddParts)


@routine
def _transpose_row(tile, arena, d, x, channels, x0, count, into, column):
    """Columns x0 … x0 + count of a row of the map for a vector of channels, of which `channels` exist: one image after
    the other, lanes are channels, positions are `column` numbers apart. Columns outside the map are zero."""
    step = lanes(tile)
    for j in range(x0, x0 + count):
        if 0 <= j < d[MULTIPLY.x.width]:
            transpose_rows(tile, arena, x + j * step, d[MULTIPLY.x.channel], channels, into, step, step)
        else:
            _clear(tile, arena, into, step)
        into += column


@routine
def _clear(tile, arena, place, count):
    for i in range(count):
        store(arena, place + i * lanes(tile), splat(tile, 0.0))


@routine
def _transform_inputs(tile, arena, d, x, y0, x0, count, c0, into, scratch):
    """The input transform of a block of channels of `count` neighbouring tiles, the first at row y0, column x0. Lanes
    of the result are channels; images follow each other, each with the columns of a register tile. All tiles share the
    transposed inputs. Lanes after the last channel repeat it, and their results are not read."""
    step, inputs, side = lanes(tile), d[MULTIPLY.inputs], d[MULTIPLY.side]
    width, column = columns(tile) * step, (step + 1) * step
    across = side * (count - 1) + INPUT_TILE
    for c in range(c0, min(inputs, c0 + d[MULTIPLY.block_inputs]), step):
        for i in range(INPUT_TILE):
            row = scratch + i * across * column
            if 0 <= y0 + i < d[MULTIPLY.x.height]:
                at = x + c * d[MULTIPLY.x.channel] + (y0 + i) * d[MULTIPLY.x.row]
                _transpose_row(tile, arena, d, at, min(step, inputs - c), x0, across, row, column)
            else:
                _clear(tile, arena, row, across * (step + 1))
        place = into + (c - c0) // width * d[MULTIPLY.chunk] * step * width + (c - c0) % width
        for t in range(count):
            at = scratch + t * side * column
            for _ in range(step):
                down, plane = INPUT_TILE * d[MULTIPLY.data_plane], d[MULTIPLY.data_plane]
                transform_input(tile, arena, at, across * column, column, place, down, plane)
                at += step
                place += width


@routine
def _copy_tile(tile, arena, x, row, height, width, into, side):
    """The first rows and columns of an output tile at x, to their positions in a tile of side x side vectors."""
    step = lanes(tile)
    for i in range(height):
        for j in range(width):
            store(arena, into + (i * side + j) * step, load(tile, arena, x + i * row + j * step))


@routine
def _transform_cotangents(tile, arena, d, dy, height, width, k0, into, scratch):
    """The transformed cotangents of a block of channels of an output tile, of which `height` rows and `width` columns
    are inside the map. Lanes are images. Cotangents outside the map, and rows after the last channel, are zero."""
    step, side, plane = lanes(tile), d[MULTIPLY.side], d[MULTIPLY.cotangent_plane]
    whole = height >= side and width >= side
    _clear(tile, arena, scratch, PRODUCTS)
    for k in range(
        k0, min(k0 + d[MULTIPLY.block_outputs], (d[MULTIPLY.outputs] + rows(tile) - 1) // rows(tile) * rows(tile))
    ):
        at, down, r = dy + k * d[MULTIPLY.dy.channel], d[MULTIPLY.dy.row], k - k0
        place = into + r // rows(tile) * d[MULTIPLY.chunk] * rows(tile) * step + r % rows(tile) * step
        if k >= d[MULTIPLY.outputs]:
            for e in range(PRODUCTS):
                store(arena, place + e * plane, splat(tile, 0.0))
            continue
        if not whole:
            _copy_tile(tile, arena, at, down, min(side, height), min(side, width), scratch, side)
            at, down = scratch, side * step
        if side == 4:
            transform_cotangents_4(tile, arena, at, down, step, place, INPUT_TILE * plane, plane)
        else:
            transform_cotangents_2(tile, arena, at, down, step, place, INPUT_TILE * plane, plane)


@routine
def _transform_chunk(tile, arena, d, first, count, k0, c0, data, cotangents, scratch):
    """Transforms `count` tiles from number `first` on; those of a lane group follow each other."""
    step, side = lanes(tile), d[MULTIPLY.side]
    across = (d[MULTIPLY.dy.width] + side - 1) // side
    tiles = across * ((d[MULTIPLY.dy.height] + side - 1) // side)
    t = 0
    while t < count:
        group, n = (first + t) // tiles, (first + t) % tiles
        y0, x0, run = n // across * side, n % across * side, min(count - t, across - n % across)
        x, into = d[MULTIPLY.x.place] + group * d[MULTIPLY.x.group], data + t * step * columns(tile) * step
        _transform_inputs(
            tile, arena, d, x, y0 - d[MULTIPLY.before_y], x0 - d[MULTIPLY.before_x], run, c0, into, scratch
        )
        for _ in range(run):
            dy = d[MULTIPLY.dy.place] + group * d[MULTIPLY.dy.group] + y0 * d[MULTIPLY.dy.row] + x0 * step
            into = cotangents + t * rows(tile) * step
            _transform_cotangents(
                tile, arena, d, dy, d[MULTIPLY.dy.height] - y0, d[MULTIPLY.dy.width] - x0, k0, into, scratch
            )
            x0 += side
            t += 1


@routine
def _multiply_chunk(tile, arena, d, count, fresh, high, across, sums, data, cotangents):
    """Adds the products of `count` tiles to the sums of `high` x `across` register tiles; `fresh` sums start from
    zero."""
    step, width = lanes(tile), columns(tile) * lanes(tile)
    for e in range(PRODUCTS):
        for b in range(across):
            for a in range(high):
                place = sums + e * d[MULTIPLY.sum_plane] + (b * high + a) * rows(tile) * width
                x = data + e * d[MULTIPLY.data_plane] + b * d[MULTIPLY.chunk] * step * width
                w = cotangents + e * d[MULTIPLY.cotangent_plane] + a * d[MULTIPLY.chunk] * rows(tile) * step
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
def _transform_gradients(tile, arena, d, k0, c0, high, sums, result, scratch):
    """The gradients of a block's filters, from their 36 sums."""
    step, taps, width = lanes(tile), d[MULTIPLY.taps], columns(tile) * lanes(tile)
    for k in range(k0, min(k0 + d[MULTIPLY.block_outputs], d[MULTIPLY.outputs])):
        for c in range(c0, min(c0 + d[MULTIPLY.block_inputs], d[MULTIPLY.inputs]), step):
            b, a = (c - c0) // width, (k - k0) // rows(tile)
            at = sums + (b * high + a) * rows(tile) * width + (k - k0) % rows(tile) * width + (c - c0) % width
            if taps == 3:
                transform_gradient_3(
                    tile, arena, at, INPUT_TILE * d[MULTIPLY.sum_plane], d[MULTIPLY.sum_plane], scratch, 3 * step, step
                )
            else:
                transform_gradient_5(
                    tile, arena, at, INPUT_TILE * d[MULTIPLY.sum_plane], d[MULTIPLY.sum_plane], scratch, 5 * step, step
                )
            into = result + (k * d[MULTIPLY.inputs] + c) * taps * taps
            for lane in range(min(step, d[MULTIPLY.inputs] - c)):
                for tap in range(taps * taps):
                    arena[into + lane * taps * taps + tap] = arena[scratch + tap * step + lane]


@kernel
def multiply_tiles(tile, arena, d: Words[MultiplyTiles], state, begin, end, thread):
    """Unit: a part of the tiles, of a block of output channels, of a block of input channels."""
    side, parts = d[MULTIPLY.side], d[MULTIPLY.parts]
    tiles = (d[MULTIPLY.dy.width] + side - 1) // side * ((d[MULTIPLY.dy.height] + side - 1) // side) * state[GROUPS]
    sums = state[SCRATCH]
    data = sums + PRODUCTS * d[MULTIPLY.sum_plane]
    cotangents = data + PRODUCTS * d[MULTIPLY.data_plane]
    scratch = cotangents + PRODUCTS * d[MULTIPLY.cotangent_plane]
    for unit in range(begin, end):
        part, block = unit % parts, unit // parts
        k0 = block % d[MULTIPLY.output_blocks] * d[MULTIPLY.block_outputs]
        c0 = block // d[MULTIPLY.output_blocks] * d[MULTIPLY.block_inputs]
        high = (min(d[MULTIPLY.block_outputs], d[MULTIPLY.outputs] - k0) + rows(tile) - 1) // rows(tile)
        width = columns(tile) * lanes(tile)
        across = (min(d[MULTIPLY.block_inputs], d[MULTIPLY.inputs] - c0) + width - 1) // width
        first, last = tiles * part // parts, tiles * (part + 1) // parts
        fresh = True
        while fresh or first < last:
            count = min(d[MULTIPLY.chunk], last - first)
            _transform_chunk(tile, arena, d, first, count, k0, c0, data, cotangents, scratch)
            _multiply_chunk(tile, arena, d, count, fresh, high, across, sums, data, cotangents)
            first += d[MULTIPLY.chunk]
            fresh = False
        _transform_gradients(
            tile, arena, d, k0, c0, high, sums, d[MULTIPLY.result] + part * d[MULTIPLY.result_part], scratch
        )


@kernel
def add_parts(tile, arena, d: Words[AddParts], state, begin, end, thread):
    """The sum over parts, in order. Unit: RUN numbers."""
    step, numbers = lanes(tile), d[ADD.numbers]
    for unit in range(begin, end):
        i, last = unit * RUN, min(numbers, (unit + 1) * RUN)
        while i + step <= last:
            total = load(tile, arena, d[ADD.partial] + i)
            for part in range(1, d[ADD.count]):
                total = total + load(tile, arena, d[ADD.partial] + part * numbers + i)
            store(arena, d[ADD.total] + i, total)
            i += step
        while i < last:
            number = arena[d[ADD.partial] + i]
            for part in range(1, d[ADD.count]):
                number += arena[d[ADD.partial] + part * numbers + i]
            arena[d[ADD.total] + i] = number
            i += 1

"""The weight gradient by Winograd's algorithm: of all patches, the products of transformed inputs and cotangents.

A thread takes a block of input and output channels through a chunk of patches at a time, and keeps the 36 sums of
every pair of channels in its own scratch until the last patch is done; then 36 sums become the gradient of a kernel.
Before that the lanes of the inputs are turned from images to input channels, once for all patches of a chunk that
stand side by side: so a sum over images runs through a register like any other, and no lanes are to be added at the
end. A tile's rows are output channels, its columns vectors of input channels.
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
    kernel_gradient_3,
    kernel_gradient_5,
    transform_cotangents_2,
    transform_cotangents_4,
    transform_input,
)
from netspec.targets.cpu.patches import PATCH, PRODUCTS

RUN = 1024
"""Numbers of a unit of `add_parts`."""


class MultiplyPatches(NamedTuple):
    """Words of `multiply_patches`. `side` x `side` are the outputs of a patch; `targets/cpu/patch_blocks.py` says how
    they are cut."""

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
    """Words of `add_parts`: numbers of a part, how many parts, and where the sums go."""

    given: int
    numbers: int
    count: int
    total: int


PATCHES, ADD = places(MultiplyPatches), places(AddParts)


@routine
def _transpose_row(tile, arena, d, x, channels, x0, count, into, column):
    """Columns x0 … x0 + count of a row of the map for a vector of channels, of which `channels` are there: an image
    after the other, a lane a channel, positions `column` numbers apart. What lies outside is zero."""
    step = lanes(tile)
    for j in range(x0, x0 + count):
        if 0 <= j < d[PATCHES.x.width]:
            transpose_rows(tile, arena, x + j * step, d[PATCHES.x.channel], channels, into, step, step)
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
    step, inputs, side = lanes(tile), d[PATCHES.inputs], d[PATCHES.side]
    width, column = columns(tile) * step, (step + 1) * step
    across = side * (count - 1) + PATCH
    for c in range(c0, min(inputs, c0 + d[PATCHES.block_inputs]), step):
        for i in range(PATCH):
            row = spare + i * across * column
            if 0 <= y0 + i < d[PATCHES.x.height]:
                at = x + c * d[PATCHES.x.channel] + (y0 + i) * d[PATCHES.x.row]
                _transpose_row(tile, arena, d, at, min(step, inputs - c), x0, across, row, column)
            else:
                _clear(tile, arena, row, across * (step + 1))
        place = into + (c - c0) // width * d[PATCHES.chunk] * step * width + (c - c0) % width
        for t in range(count):
            at = spare + t * side * column
            for _ in range(step):
                beyond, plane = PATCH * d[PATCHES.data_plane], d[PATCHES.data_plane]
                transform_input(tile, arena, at, across * column, column, place, beyond, plane)
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
    step, side, plane = lanes(tile), d[PATCHES.side], d[PATCHES.cotangent_plane]
    whole = height >= side and width >= side
    _clear(tile, arena, spare, PRODUCTS)
    for k in range(
        k0, min(k0 + d[PATCHES.block_outputs], (d[PATCHES.outputs] + rows(tile) - 1) // rows(tile) * rows(tile))
    ):
        at, down, r = dy + k * d[PATCHES.dy.channel], d[PATCHES.dy.row], k - k0
        place = into + r // rows(tile) * d[PATCHES.chunk] * rows(tile) * step + r % rows(tile) * step
        if k >= d[PATCHES.outputs]:
            for e in range(PRODUCTS):
                store(arena, place + e * plane, splat(tile, 0.0))
            continue
        if not whole:
            _copy_patch(tile, arena, at, down, min(side, height), min(side, width), spare, side)
            at, down = spare, side * step
        if side == 4:
            transform_cotangents_4(tile, arena, at, down, step, place, PATCH * plane, plane)
        else:
            transform_cotangents_2(tile, arena, at, down, step, place, PATCH * plane, plane)


@routine
def _take_chunk(tile, arena, d, first, count, k0, c0, data, cotangents, spare):
    """Transforms `count` patches from number `first` on; those of a group of images follow each other."""
    step, side = lanes(tile), d[PATCHES.side]
    across = (d[PATCHES.dy.width] + side - 1) // side
    patches = across * ((d[PATCHES.dy.height] + side - 1) // side)
    t = 0
    while t < count:
        group, n = (first + t) // patches, (first + t) % patches
        y0, x0, run = n // across * side, n % across * side, min(count - t, across - n % across)
        x, into = d[PATCHES.x.place] + group * d[PATCHES.x.group], data + t * step * columns(tile) * step
        _take_inputs(tile, arena, d, x, y0 - d[PATCHES.before_y], x0 - d[PATCHES.before_x], run, c0, into, spare)
        for _ in range(run):
            dy = d[PATCHES.dy.place] + group * d[PATCHES.dy.group] + y0 * d[PATCHES.dy.row] + x0 * step
            into = cotangents + t * rows(tile) * step
            _take_cotangents(tile, arena, d, dy, d[PATCHES.dy.height] - y0, d[PATCHES.dy.width] - x0, k0, into, spare)
            x0 += side
            t += 1


@routine
def _multiply_chunk(tile, arena, d, count, fresh, high, across, sums, data, cotangents):
    """Adds the products of `count` patches to the sums of `high` x `across` tiles, or starts them anew if `fresh`."""
    step, width = lanes(tile), columns(tile) * lanes(tile)
    for e in range(PRODUCTS):
        for b in range(across):
            for a in range(high):
                place = sums + e * d[PATCHES.sum_plane] + (b * high + a) * rows(tile) * width
                x = data + e * d[PATCHES.data_plane] + b * d[PATCHES.chunk] * step * width
                w = cotangents + e * d[PATCHES.cotangent_plane] + a * d[PATCHES.chunk] * rows(tile) * step
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
    step, taps, width = lanes(tile), d[PATCHES.taps], columns(tile) * lanes(tile)
    for k in range(k0, min(k0 + d[PATCHES.block_outputs], d[PATCHES.outputs])):
        for c in range(c0, min(c0 + d[PATCHES.block_inputs], d[PATCHES.inputs]), step):
            b, a = (c - c0) // width, (k - k0) // rows(tile)
            at = sums + (b * high + a) * rows(tile) * width + (k - k0) % rows(tile) * width + (c - c0) % width
            if taps == 3:
                kernel_gradient_3(
                    tile, arena, at, PATCH * d[PATCHES.sum_plane], d[PATCHES.sum_plane], spare, 3 * step, step
                )
            else:
                kernel_gradient_5(
                    tile, arena, at, PATCH * d[PATCHES.sum_plane], d[PATCHES.sum_plane], spare, 5 * step, step
                )
            into = result + (k * d[PATCHES.inputs] + c) * taps * taps
            for lane in range(min(step, d[PATCHES.inputs] - c)):
                for tap in range(taps * taps):
                    arena[into + lane * taps * taps + tap] = arena[spare + tap * step + lane]


@kernel
def multiply_patches(tile, arena, d: Words[MultiplyPatches], state, begin, end, thread):
    """Unit: a part of the patches, of a block of output channels, of a block of input channels."""
    side, parts = d[PATCHES.side], d[PATCHES.parts]
    patches = (d[PATCHES.dy.width] + side - 1) // side * ((d[PATCHES.dy.height] + side - 1) // side) * state[GROUPS]
    sums = state[SCRATCH]
    data = sums + PRODUCTS * d[PATCHES.sum_plane]
    cotangents = data + PRODUCTS * d[PATCHES.data_plane]
    spare = cotangents + PRODUCTS * d[PATCHES.cotangent_plane]
    for unit in range(begin, end):
        part, block = unit % parts, unit // parts
        k0 = block % d[PATCHES.output_blocks] * d[PATCHES.block_outputs]
        c0 = block // d[PATCHES.output_blocks] * d[PATCHES.block_inputs]
        high = (min(d[PATCHES.block_outputs], d[PATCHES.outputs] - k0) + rows(tile) - 1) // rows(tile)
        width = columns(tile) * lanes(tile)
        across = (min(d[PATCHES.block_inputs], d[PATCHES.inputs] - c0) + width - 1) // width
        first, last = patches * part // parts, patches * (part + 1) // parts
        fresh = True
        while fresh or first < last:
            count = min(d[PATCHES.chunk], last - first)
            _take_chunk(tile, arena, d, first, count, k0, c0, data, cotangents, spare)
            _multiply_chunk(tile, arena, d, count, fresh, high, across, sums, data, cotangents)
            first += d[PATCHES.chunk]
            fresh = False
        _give_kernels(tile, arena, d, k0, c0, high, sums, d[PATCHES.result] + part * d[PATCHES.result_part], spare)


@kernel
def add_parts(tile, arena, d: Words[AddParts], state, begin, end, thread):
    """The sums of all parts, in order. Unit: a run of numbers."""
    step, numbers = lanes(tile), d[ADD.numbers]
    for unit in range(begin, end):
        i, last = unit * RUN, min(numbers, (unit + 1) * RUN)
        while i + step <= last:
            total = load(tile, arena, d[ADD.given] + i)
            for part in range(1, d[ADD.count]):
                total = total + load(tile, arena, d[ADD.given] + part * numbers + i)
            store(arena, d[ADD.total] + i, total)
            i += step
        while i < last:
            number = arena[d[ADD.given] + i]
            for part in range(1, d[ADD.count]):
                number += arena[d[ADD.given] + part * numbers + i]
            arena[d[ADD.total] + i] = number
            i += 1

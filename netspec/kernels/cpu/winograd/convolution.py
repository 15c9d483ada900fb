"""Winograd's convolution: input transform of 6x6 tiles, products with transformed filters, output transform.

A thread takes a strip of neighbouring input tiles, as many as its register tile has columns, through all three steps.
Results in between are in its own scratch and never leave the cache. Rows of the register tile are output channels. The
input gradient is the same with flipped filters and exchanged channels.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import NamedTuple

import numpy as np

from netspec.kernels.cpu.language.descriptor import Operand, Words, places
from netspec.kernels.cpu.language.jit import kernel, routine
from netspec.kernels.cpu.language.planes import Map
from netspec.kernels.cpu.language.products import outer
from netspec.kernels.cpu.language.state import SCRATCH
from netspec.kernels.cpu.language.tile import columns, lanes, rectify, rows, save, zeros
from netspec.kernels.cpu.language.transpose import transpose_rows
from netspec.kernels.cpu.language.vector import load, splat, store
from netspec.kernels.cpu.layers.activations import RELU
from netspec.kernels.cpu.layers.max_pool import NO_INDEX, halve
from netspec.kernels.cpu.winograd.transforms import (
    plus_scalar,
    transform_filter_3,
    transform_filter_5,
    transform_input,
    transform_input_within,
    transform_output_2,
    transform_output_4,
)
from netspec.targets.cpu.winograd_tiles import INPUT_TILE, PRODUCTS


class TransformedFilters(NamedTuple):
    """The offset of transformed filters, and the steps from block to block and product to product, in float32
    numbers."""

    place: int
    block: int
    plane: int


class Convolve(NamedTuple):
    """Words of `convolve`. An output tile has `side` x `side` outputs; y has the size before pooling. With `pooled`, y
    gets the largest of each 2x2, and `index` its tap."""

    x: Map
    inputs: int
    y: Map
    outputs: int
    side: int
    before_y: int
    before_x: int
    weights: TransformedFilters
    bias: int
    activation: int
    pooled: int
    index: Operand


class TransformFilters(NamedTuple):
    """Words of `transform_filters`: the weights, whether the filters are flipped, and where the transformed ones go.
    Steps count float32 numbers."""

    source: int
    output_step: int
    input_step: int
    flipped: int
    packed: TransformedFilters
    outputs: int
    inputs: int
    taps: int


CONVOLVE, FILTERS = places(Convolve), places(TransformFilters)


@routine
def _load_filters(tile, arena, source, output_step, outputs, taps, into):
    """The filters of one input channel and `outputs` output channels, as `taps` vectors whose lanes are output
    channels. Squares of numbers are transposed; the last one may overlap the one before."""
    step = lanes(tile)
    for first in range(0, taps, step):
        tap = max(0, min(first, taps - step))
        transpose_rows(tile, arena, source + tap, output_step, outputs, into + tap * step, step, min(step, taps))


@routine
def transform_filter_block(tile, arena, d, at, b, into, scratch):
    """The transformed filters of block b. `scratch` has room for one filter. The words of `transform_filters` begin at
    `at`.

    Lanes are output channels, and a tile has no more rows than lanes. The next input channel overwrites the lanes of a
    vector after a block's rows. Rows after the last output channel repeat it.
    """
    taps, height, step, plane = d[at + FILTERS.taps], rows(tile), lanes(tile), d[at + FILTERS.packed.plane]
    start, flipped = scratch, 1
    if d[at + FILTERS.flipped] != 0:
        start, flipped = scratch + (taps * taps - 1) * step, -1
    source = d[at + FILTERS.source] + b * height * d[at + FILTERS.output_step]
    outputs = min(step, d[at + FILTERS.outputs] - b * height)
    for _ in range(d[at + FILTERS.inputs]):
        _load_filters(tile, arena, source, d[at + FILTERS.output_step], outputs, taps * taps, scratch)
        if taps == 3:
            transform_filter_3(tile, arena, start, flipped * 3 * step, flipped * step, into, INPUT_TILE * plane, plane)
        else:
            transform_filter_5(tile, arena, start, flipped * 5 * step, flipped * step, into, INPUT_TILE * plane, plane)
        source += d[at + FILTERS.input_step]
        into += height


@kernel
def transform_filters(tile, arena, d: Words[TransformFilters], state, begin, end, thread):
    """Filters to [product][block][input][rows]; see `targets/cpu/packed_filters.py`. Unit: a block."""
    for b in range(begin, end):
        transform_filter_block(
            tile, arena, d, 0, b, d[FILTERS.packed.place] + b * d[FILTERS.packed.block], state[SCRATCH]
        )


@routine
def transform_input_tiles(tile, arena, d, first, count, across, into, width, plane, scratch):
    """The transformed input tiles from number `first` on, of all input channels, which are `width` numbers apart.
    Inputs outside the map are zero. Neighbouring tiles inside the map are transformed channel by channel, while the
    inputs that they share are in the cache."""
    step, side, t = lanes(tile), d[CONVOLVE.side], 0
    group_tiles, down = across * ((d[CONVOLVE.y.height] + side - 1) // side), INPUT_TILE * plane
    store(arena, scratch, splat(tile, 0.0))
    while t < count:
        group, n = (first + t) // group_tiles, (first + t) % group_tiles
        y0, x0 = n // across * side - d[CONVOLVE.before_y], n % across * side - d[CONVOLVE.before_x]
        i0 = max(0, -y0)
        i1 = min(INPUT_TILE, d[CONVOLVE.x.height] - y0)
        j0 = max(0, -x0)
        j1 = min(INPUT_TILE, d[CONVOLVE.x.width] - x0)
        at, to = d[CONVOLVE.x.place] + group * d[CONVOLVE.x.group] + y0 * d[CONVOLVE.x.row] + x0 * step, into + t * step
        if i0 == 0 and i1 == INPUT_TILE and j0 == 0 and j1 == INPUT_TILE:
            run = min(count - t, (d[CONVOLVE.x.width] - INPUT_TILE - x0) // side + 1, across - n % across)
            for _ in range(d[CONVOLVE.inputs]):
                for k in range(run):
                    transform_input(
                        tile, arena, at + k * side * step, d[CONVOLVE.x.row], step, to + k * step, down, plane
                    )
                at += d[CONVOLVE.x.channel]
                to += width
            t += run
        else:
            for _ in range(d[CONVOLVE.inputs]):
                transform_input_within(
                    tile, arena, at, d[CONVOLVE.x.row], step, i0, i1, j0, j1, scratch, to, down, plane
                )
                at += d[CONVOLVE.x.channel]
                to += width
            t += 1


@routine
def multiply_tile(tile, arena, x, width, w, inputs, y):
    """The sums over input channels of one of the 36 numbers, for as many input tiles as the register tile has
    columns."""
    registers = zeros(tile)
    for _ in range(inputs):
        registers = outer(registers, arena, x, lanes(tile), w)
        x += width
        w += rows(tile)
    save(registers, arena, y, width, lanes(tile), rows(tile))


@routine
def _multiply(tile, arena, d, data, data_plane, products, products_plane):
    """The sums over input channels of each of the 36 numbers of the input tiles, for all output channels."""
    width, height = columns(tile) * lanes(tile), rows(tile)
    for e in range(PRODUCTS):
        x = data + e * data_plane
        y = products + e * products_plane
        w = d[CONVOLVE.weights.place] + e * d[CONVOLVE.weights.plane]
        for _ in range((d[CONVOLVE.outputs] + height - 1) // height):
            multiply_tile(tile, arena, x, width, w, d[CONVOLVE.inputs], y)
            w += d[CONVOLVE.weights.block]
            y += height * width


@routine
def _apply_epilogue(tile, registers, arena, d, k, y, index, height, width, scratch):
    """Stores the first `height` rows and `width` columns of an output tile, after bias and activation."""
    registers = plus_scalar(registers, arena[d[CONVOLVE.bias] + k] if d[CONVOLVE.bias] >= 0 else np.float32(0.0))
    if d[CONVOLVE.activation] == RELU:
        registers = rectify(registers)
    if d[CONVOLVE.pooled] != 0:
        _pool(tile, registers, arena, d, y, index, height, width, scratch)
    else:
        _store_outputs(tile, registers, arena, d, y, height, width, scratch)


@routine
def _pool(tile, registers, arena, d, y, index, height, width, scratch):
    """Stores the largest of each whole 2x2 of the outputs."""
    step, down = lanes(tile), columns(registers) * lanes(tile)
    save(registers, arena, scratch, down, step, rows(registers))
    height, width = min(height, rows(registers)), min(width, columns(registers))
    halve(tile, arena, scratch, down, height, width, y, index, d[CONVOLVE.y.row], d[CONVOLVE.index.place] != NO_INDEX)


@routine
def _store_outputs(tile, registers, arena, d, y, height, width, scratch):
    """Stores the outputs as they are."""
    step = lanes(tile)
    if height >= rows(registers) and width >= columns(registers):
        save(registers, arena, y, d[CONVOLVE.y.row], step, rows(registers))
    else:
        save(registers, arena, scratch, columns(registers) * step, step, rows(registers))
        for i in range(min(height, rows(registers))):
            for j in range(min(width, columns(registers))):
                value = load(tile, arena, scratch + (i * columns(registers) + j) * step)
                store(arena, y + i * d[CONVOLVE.y.row] + j * step, value)


@routine
def transform_output_tile(tile, arena, d, n, across, first, last, at, width, plane, scratch):
    """The output transform of tile number n for output channels first … last, whose products are `width` numbers
    apart."""
    side, shrink = d[CONVOLVE.side], 2 if d[CONVOLVE.pooled] != 0 else 1
    group_tiles = across * ((d[CONVOLVE.y.height] + side - 1) // side)
    group, n = n // group_tiles, n % group_tiles
    y0, x0 = n // across * side, n % across * side
    place = first * d[CONVOLVE.y.channel] + y0 // shrink * d[CONVOLVE.y.row] + x0 // shrink * lanes(tile)
    y = d[CONVOLVE.y.place] + group * d[CONVOLVE.y.group] + place
    index = d[CONVOLVE.index.place] + group * d[CONVOLVE.index.group] + place
    below, beside = d[CONVOLVE.y.height] - y0, d[CONVOLVE.y.width] - x0
    for k in range(first, last):
        if side == 4:
            four = transform_output_4(tile, arena, at, INPUT_TILE * plane, plane)
            _apply_epilogue(tile, four, arena, d, k, y, index, below, beside, scratch)
        else:
            two = transform_output_2(tile, arena, at, INPUT_TILE * plane, plane)
            _apply_epilogue(tile, two, arena, d, k, y, index, below, beside, scratch)
        at += width
        y += d[CONVOLVE.y.channel]
        index += d[CONVOLVE.y.channel]


@kernel
def convolve(tile, arena, d: Words[Convolve], state, begin, end, thread):
    """Unit: an input tile; those of a lane group are in reading order.

    A strip may contain tiles of two groups. A tile's sums do not depend on its position in a strip. Planes of the
    scratch are a vector longer than they need be, so that the 36 do not share the sets of a cache.
    """
    step, width = lanes(tile), columns(tile) * lanes(tile)
    across = (d[CONVOLVE.y.width] + d[CONVOLVE.side] - 1) // d[CONVOLVE.side]
    data_plane = d[CONVOLVE.inputs] * width + step
    products_plane = (d[CONVOLVE.outputs] + rows(tile) - 1) // rows(tile) * rows(tile) * width + step
    data = state[SCRATCH]
    products = data + PRODUCTS * data_plane
    scratch = products + PRODUCTS * products_plane
    for first in range(begin, end, columns(tile)):
        count = min(columns(tile), end - first)
        transform_input_tiles(tile, arena, d, first, count, across, data, width, data_plane, scratch)
        _multiply(tile, arena, d, data, data_plane, products, products_plane)
        for t in range(count):
            at = products + t * step
            transform_output_tile(
                tile, arena, d, first + t, across, 0, d[CONVOLVE.outputs], at, width, products_plane, scratch
            )

"""Winograd's convolution: patches of 6x6 inputs are transformed, multiplied with transformed kernels, and brought back.

A thread takes a strip of neighbouring patches, as many as its register tile has columns, through all three steps: what
lies between is in its own scratch and never leaves the cache. A tile's rows are output channels. The input gradient is
the same with the kernel turned round and its channels exchanged.
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
    outputs_2,
    outputs_4,
    raised,
    transform_filter_3,
    transform_filter_5,
    transform_input,
    transform_input_within,
)
from netspec.targets.cpu.patches import PATCH, PRODUCTS


class TransformedKernels(NamedTuple):
    """Where transformed kernels lie, and how far apart blocks and products are, in float32 numbers."""

    place: int
    block: int
    plane: int


class Convolve(NamedTuple):
    """Words of `convolve`. `side` x `side` are the outputs of a patch, and y has the size of all of them. If `pooled`
    the largest of each 2x2 go to y, and to `index` which they are."""

    x: Map
    inputs: int
    y: Map
    outputs: int
    side: int
    before_y: int
    before_x: int
    weights: TransformedKernels
    bias: int
    activation: int
    pooled: int
    index: Operand


class TransformWeights(NamedTuple):
    """Words of `transform_weights`: the weights as given, whether their kernels are to be turned round, and where they
    go; steps count float32 numbers."""

    source: int
    output_step: int
    input_step: int
    turned: int
    packed: TransformedKernels
    outputs: int
    inputs: int
    taps: int


CONVOLVE, PACK = places(Convolve), places(TransformWeights)


@routine
def _take_kernels(tile, arena, source, output_step, outputs, taps, into):
    """The kernels of one input channel and `outputs` output channels, as `taps` vectors with a lane an output channel.
    Squares of numbers are turned; the last one may overlap the one before."""
    step = lanes(tile)
    for first in range(0, taps, step):
        tap = max(0, min(first, taps - step))
        transpose_rows(tile, arena, source + tap, output_step, outputs, into + tap * step, step, min(step, taps))


@routine
def transform_block(tile, arena, d, at, b, into, given):
    """The kernels of block b, by way of `given`, a kernel's room. The words of `transform_weights` begin at `at`.

    Lanes are output channels, and a tile has no more rows than lanes: what a vector holds behind a block's rows, the
    next input channel overwrites. Rows behind the last output channel repeat it.
    """
    taps, height, step, plane = d[at + PACK.taps], rows(tile), lanes(tile), d[at + PACK.packed.plane]
    start, turned = given, 1
    if d[at + PACK.turned] != 0:
        start, turned = given + (taps * taps - 1) * step, -1
    source = d[at + PACK.source] + b * height * d[at + PACK.output_step]
    outputs = min(step, d[at + PACK.outputs] - b * height)
    for _ in range(d[at + PACK.inputs]):
        _take_kernels(tile, arena, source, d[at + PACK.output_step], outputs, taps * taps, given)
        if taps == 3:
            transform_filter_3(tile, arena, start, turned * 3 * step, turned * step, into, PATCH * plane, plane)
        else:
            transform_filter_5(tile, arena, start, turned * 5 * step, turned * step, into, PATCH * plane, plane)
        source += d[at + PACK.input_step]
        into += height


@kernel
def transform_weights(tile, arena, d: Words[TransformWeights], state, begin, end, thread):
    """Kernels to [product][block][input][rows]; see `targets/cpu/packed_kernels.py`. Unit: a block."""
    for b in range(begin, end):
        transform_block(tile, arena, d, 0, b, d[PACK.packed.place] + b * d[PACK.packed.block], state[SCRATCH])


@routine
def take_patches(tile, arena, d, first, count, across, into, width, plane, spare):
    """The transformed patches from number `first` on, of all input channels, which lie `width` numbers apart; what lies
    outside is zero. Whole neighbours are taken channel by channel: what they share is still near then."""
    step, side, t = lanes(tile), d[CONVOLVE.side], 0
    patches, beyond = across * ((d[CONVOLVE.y.height] + side - 1) // side), PATCH * plane
    store(arena, spare, splat(tile, 0.0))
    while t < count:
        group, n = (first + t) // patches, (first + t) % patches
        y0, x0 = n // across * side - d[CONVOLVE.before_y], n % across * side - d[CONVOLVE.before_x]
        i0 = max(0, -y0)
        i1 = min(PATCH, d[CONVOLVE.x.height] - y0)
        j0 = max(0, -x0)
        j1 = min(PATCH, d[CONVOLVE.x.width] - x0)
        at, to = d[CONVOLVE.x.place] + group * d[CONVOLVE.x.group] + y0 * d[CONVOLVE.x.row] + x0 * step, into + t * step
        if i0 == 0 and i1 == PATCH and j0 == 0 and j1 == PATCH:
            run = min(count - t, (d[CONVOLVE.x.width] - PATCH - x0) // side + 1, across - n % across)
            for _ in range(d[CONVOLVE.inputs]):
                for k in range(run):
                    transform_input(
                        tile, arena, at + k * side * step, d[CONVOLVE.x.row], step, to + k * step, beyond, plane
                    )
                at += d[CONVOLVE.x.channel]
                to += width
            t += run
        else:
            for _ in range(d[CONVOLVE.inputs]):
                transform_input_within(
                    tile, arena, at, d[CONVOLVE.x.row], step, i0, i1, j0, j1, spare, to, beyond, plane
                )
                at += d[CONVOLVE.x.channel]
                to += width
            t += 1


@routine
def multiply_tile(tile, arena, x, width, w, inputs, y):
    """The sums over input channels of one of the 36 numbers, of as many patches as the tile has columns."""
    registers = zeros(tile)
    for _ in range(inputs):
        registers = outer(registers, arena, x, lanes(tile), w)
        x += width
        w += rows(tile)
    save(registers, arena, y, width, lanes(tile), rows(tile))


@routine
def _multiply(tile, arena, d, data, data_plane, products, products_plane):
    """Of each of the 36 numbers of a patch, the sums over input channels for all output channels."""
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
def _finish(tile, registers, arena, d, k, y, index, height, width, spare):
    """Bias and activation, then the first `height` rows and `width` columns of the outputs to their place."""
    registers = raised(registers, arena[d[CONVOLVE.bias] + k] if d[CONVOLVE.bias] >= 0 else np.float32(0.0))
    if d[CONVOLVE.activation] == RELU:
        registers = rectify(registers)
    if d[CONVOLVE.pooled] != 0:
        _pool(tile, registers, arena, d, y, index, height, width, spare)
    else:
        _keep(tile, registers, arena, d, y, height, width, spare)


@routine
def _pool(tile, registers, arena, d, y, index, height, width, spare):
    """The largest of each whole 2x2 of the outputs."""
    step, down = lanes(tile), columns(registers) * lanes(tile)
    save(registers, arena, spare, down, step, rows(registers))
    height, width = min(height, rows(registers)), min(width, columns(registers))
    halve(tile, arena, spare, down, height, width, y, index, d[CONVOLVE.y.row], d[CONVOLVE.index.place] != NO_INDEX)


@routine
def _keep(tile, registers, arena, d, y, height, width, spare):
    """The outputs as they are."""
    step = lanes(tile)
    if height >= rows(registers) and width >= columns(registers):
        save(registers, arena, y, d[CONVOLVE.y.row], step, rows(registers))
    else:
        save(registers, arena, spare, columns(registers) * step, step, rows(registers))
        for i in range(min(height, rows(registers))):
            for j in range(min(width, columns(registers))):
                value = load(tile, arena, spare + (i * columns(registers) + j) * step)
                store(arena, y + i * d[CONVOLVE.y.row] + j * step, value)


@routine
def give_patch(tile, arena, d, n, across, first, last, at, width, plane, spare):
    """The outputs of patch number n, brought back for output channels first … last, which lie `width` numbers apart."""
    side, shrink = d[CONVOLVE.side], 2 if d[CONVOLVE.pooled] != 0 else 1
    patches = across * ((d[CONVOLVE.y.height] + side - 1) // side)
    group, n = n // patches, n % patches
    y0, x0 = n // across * side, n % across * side
    place = first * d[CONVOLVE.y.channel] + y0 // shrink * d[CONVOLVE.y.row] + x0 // shrink * lanes(tile)
    y = d[CONVOLVE.y.place] + group * d[CONVOLVE.y.group] + place
    index = d[CONVOLVE.index.place] + group * d[CONVOLVE.index.group] + place
    below, beside = d[CONVOLVE.y.height] - y0, d[CONVOLVE.y.width] - x0
    for k in range(first, last):
        if side == 4:
            four = outputs_4(tile, arena, at, PATCH * plane, plane)
            _finish(tile, four, arena, d, k, y, index, below, beside, spare)
        else:
            two = outputs_2(tile, arena, at, PATCH * plane, plane)
            _finish(tile, two, arena, d, k, y, index, below, beside, spare)
        at += width
        y += d[CONVOLVE.y.channel]
        index += d[CONVOLVE.y.channel]


@kernel
def convolve(tile, arena, d: Words[Convolve], state, begin, end, thread):
    """The convolution. Unit: a patch; those of a group of images follow each other in reading order.

    A strip may run on from one group to the next. A patch's sums are the same wherever in a strip it stands. Planes of
    the scratch are a vector longer than they need be, so that the 36 do not share the sets of a cache.
    """
    step, width = lanes(tile), columns(tile) * lanes(tile)
    across = (d[CONVOLVE.y.width] + d[CONVOLVE.side] - 1) // d[CONVOLVE.side]
    data_plane = d[CONVOLVE.inputs] * width + step
    products_plane = (d[CONVOLVE.outputs] + rows(tile) - 1) // rows(tile) * rows(tile) * width + step
    data = state[SCRATCH]
    products = data + PRODUCTS * data_plane
    spare = products + PRODUCTS * products_plane
    for first in range(begin, end, columns(tile)):
        count = min(columns(tile), end - first)
        take_patches(tile, arena, d, first, count, across, data, width, data_plane, spare)
        _multiply(tile, arena, d, data, data_plane, products, products_plane)
        for t in range(count):
            at = products + t * step
            give_patch(tile, arena, d, first + t, across, 0, d[CONVOLVE.outputs], at, width, products_plane, spare)

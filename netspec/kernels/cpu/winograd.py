"""Winograd's convolution: patches of 6x6 inputs are transformed, multiplied with transformed kernels, and brought back.

A thread takes a strip of neighbouring patches, as many as its register tile has columns, through all three steps: what
lies between is in its own scratch and never leaves the cache. A tile's rows are output channels. The input gradient is
the same with the kernel turned round and its channels exchanged.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

import numpy as np

from netspec.kernels.cpu.activations import RELU
from netspec.kernels.cpu.jit import kernel, routine
from netspec.kernels.cpu.max_pool import NO_INDEX, halve
from netspec.kernels.cpu.products import outer
from netspec.kernels.cpu.state import SCRATCH
from netspec.kernels.cpu.tile import columns, lanes, rectify, rows, save, zeros
from netspec.kernels.cpu.turn import turn_rows
from netspec.kernels.cpu.vector import load, splat, store
from netspec.kernels.cpu.winograd_rules import PRODUCTS, SIZE
from netspec.kernels.cpu.winograd_transforms import (
    outputs_2,
    outputs_4,
    raised,
    transform_filter_3,
    transform_filter_5,
    transform_input,
    transform_input_within,
)

# Words of the descriptor of `convolve`. Strides count float32 numbers; SIDE x SIDE are the outputs of a patch, of
# OUT_HEIGHT x OUT_WIDTH in all. With POOLED the largest of each 2x2 of them go to Y, and to INDEX which they are.
(X, X_GROUP, X_CHANNEL, X_ROW, HEIGHT, WIDTH, INPUTS) = range(7)
(Y, Y_GROUP, Y_CHANNEL, Y_ROW, OUT_HEIGHT, OUT_WIDTH, OUTPUTS) = range(7, 14)
(SIDE, BEFORE_Y, BEFORE_X, WEIGHTS, WEIGHT_BLOCK, WEIGHT_PLANE, BIAS, ACTIVATION) = range(14, 22)
(POOLED, INDEX, INDEX_GROUP) = range(22, 25)

# Words of the descriptor of `transform_weights`: the weights as given, whether their kernels are to be turned round,
# and where they go; steps count float32 numbers.
(SOURCE, OUTPUT_STEP, INPUT_STEP, ROUND, PACKED, PACKED_BLOCK, PACKED_PLANE) = range(7)
(PACK_OUTPUTS, PACK_INPUTS, PACK_TAPS) = range(7, 10)


@routine
def _take_kernels(tile, arena, source, output_step, outputs, taps, into):
    """The kernels of one input channel and `outputs` output channels, as `taps` vectors with a lane an output channel.
    Squares of numbers are turned; the last one may overlap the one before."""
    step = lanes(tile)
    for first in range(0, taps, step):
        tap = max(0, min(first, taps - step))
        turn_rows(tile, arena, source + tap, output_step, outputs, into + tap * step, step, min(step, taps))


@routine
def transform_block(tile, arena, d, at, b, into, given):
    """The kernels of block b, by way of `given`, a kernel's room. The words of `transform_weights` begin at `at`.

    Lanes are output channels, and a tile has no more rows than lanes: what a vector holds behind a block's rows, the
    next input channel overwrites. Rows behind the last output channel repeat it.
    """
    taps, height, step, plane = d[at + PACK_TAPS], rows(tile), lanes(tile), d[at + PACKED_PLANE]
    start, turned = given, 1
    if d[at + ROUND] != 0:
        start, turned = given + (taps * taps - 1) * step, -1
    source, outputs = d[at + SOURCE] + b * height * d[at + OUTPUT_STEP], min(step, d[at + PACK_OUTPUTS] - b * height)
    for _ in range(d[at + PACK_INPUTS]):
        _take_kernels(tile, arena, source, d[at + OUTPUT_STEP], outputs, taps * taps, given)
        if taps == 3:
            transform_filter_3(tile, arena, start, turned * 3 * step, turned * step, into, SIZE * plane, plane)
        else:
            transform_filter_5(tile, arena, start, turned * 5 * step, turned * step, into, SIZE * plane, plane)
        source += d[at + INPUT_STEP]
        into += height


@kernel
def transform_weights(tile, arena, d, state, begin, end, thread):
    """Kernels to [product][block][input][rows]; see `ir/packed_kernels.py`. Unit: a block."""
    for b in range(begin, end):
        transform_block(tile, arena, d, 0, b, d[PACKED] + b * d[PACKED_BLOCK], state[SCRATCH])


@routine
def take_patches(tile, arena, d, first, count, across, into, width, plane, spare):
    """The transformed patches from number `first` on, of all input channels, which lie `width` numbers apart; what lies
    outside is zero. Whole neighbours are taken channel by channel: what they share is still near then."""
    step, side, t = lanes(tile), d[SIDE], 0
    patches, beyond = across * ((d[OUT_HEIGHT] + side - 1) // side), SIZE * plane
    store(arena, spare, splat(tile, 0.0))
    while t < count:
        group, n = (first + t) // patches, (first + t) % patches
        y0, x0 = n // across * side - d[BEFORE_Y], n % across * side - d[BEFORE_X]
        i0, i1, j0, j1 = max(0, -y0), min(SIZE, d[HEIGHT] - y0), max(0, -x0), min(SIZE, d[WIDTH] - x0)
        at, to = d[X] + group * d[X_GROUP] + y0 * d[X_ROW] + x0 * step, into + t * step
        if i0 == 0 and i1 == SIZE and j0 == 0 and j1 == SIZE:
            run = min(count - t, (d[WIDTH] - SIZE - x0) // side + 1, across - n % across)
            for _ in range(d[INPUTS]):
                for k in range(run):
                    transform_input(tile, arena, at + k * side * step, d[X_ROW], step, to + k * step, beyond, plane)
                at += d[X_CHANNEL]
                to += width
            t += run
        else:
            for _ in range(d[INPUTS]):
                transform_input_within(tile, arena, at, d[X_ROW], step, i0, i1, j0, j1, spare, to, beyond, plane)
                at += d[X_CHANNEL]
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
        x, y, w = data + e * data_plane, products + e * products_plane, d[WEIGHTS] + e * d[WEIGHT_PLANE]
        for _ in range((d[OUTPUTS] + height - 1) // height):
            multiply_tile(tile, arena, x, width, w, d[INPUTS], y)
            w += d[WEIGHT_BLOCK]
            y += height * width


@routine
def _finish(tile, registers, arena, d, k, y, index, height, width, spare):
    """Bias and activation, then the first `height` rows and `width` columns of the outputs to their place."""
    registers = raised(registers, arena[d[BIAS] + k] if d[BIAS] >= 0 else np.float32(0.0))
    if d[ACTIVATION] == RELU:
        registers = rectify(registers)
    if d[POOLED] != 0:
        _pool(tile, registers, arena, d, y, index, height, width, spare)
    else:
        _keep(tile, registers, arena, d, y, height, width, spare)


@routine
def _pool(tile, registers, arena, d, y, index, height, width, spare):
    """The largest of each whole 2x2 of the outputs."""
    step, down = lanes(tile), columns(registers) * lanes(tile)
    save(registers, arena, spare, down, step, rows(registers))
    height, width = min(height, rows(registers)), min(width, columns(registers))
    halve(tile, arena, spare, down, height, width, y, index, d[Y_ROW], d[INDEX] != NO_INDEX)


@routine
def _keep(tile, registers, arena, d, y, height, width, spare):
    """The outputs as they are."""
    step = lanes(tile)
    if height >= rows(registers) and width >= columns(registers):
        save(registers, arena, y, d[Y_ROW], step, rows(registers))
    else:
        save(registers, arena, spare, columns(registers) * step, step, rows(registers))
        for i in range(min(height, rows(registers))):
            for j in range(min(width, columns(registers))):
                value = load(tile, arena, spare + (i * columns(registers) + j) * step)
                store(arena, y + i * d[Y_ROW] + j * step, value)


@routine
def give_patch(tile, arena, d, n, across, first, last, at, width, plane, spare):
    """The outputs of patch number n, brought back for output channels first … last, which lie `width` numbers apart."""
    side, shrink = d[SIDE], 2 if d[POOLED] != 0 else 1
    patches = across * ((d[OUT_HEIGHT] + side - 1) // side)
    group, n = n // patches, n % patches
    y0, x0 = n // across * side, n % across * side
    place = first * d[Y_CHANNEL] + y0 // shrink * d[Y_ROW] + x0 // shrink * lanes(tile)
    y, index = d[Y] + group * d[Y_GROUP] + place, d[INDEX] + group * d[INDEX_GROUP] + place
    below, beside = d[OUT_HEIGHT] - y0, d[OUT_WIDTH] - x0
    for k in range(first, last):
        if side == 4:
            four = outputs_4(tile, arena, at, SIZE * plane, plane)
            _finish(tile, four, arena, d, k, y, index, below, beside, spare)
        else:
            two = outputs_2(tile, arena, at, SIZE * plane, plane)
            _finish(tile, two, arena, d, k, y, index, below, beside, spare)
        at += width
        y += d[Y_CHANNEL]
        index += d[Y_CHANNEL]


@kernel
def convolve(tile, arena, d, state, begin, end, thread):
    """The convolution. Unit: a patch; those of a group of images follow each other in reading order.

    A strip may run on from one group to the next. A patch's sums are the same wherever in a strip it stands. Planes of
    the scratch are a vector longer than they need be, so that the 36 do not share the sets of a cache.
    """
    step, width = lanes(tile), columns(tile) * lanes(tile)
    across = (d[OUT_WIDTH] + d[SIDE] - 1) // d[SIDE]
    data_plane = d[INPUTS] * width + step
    products_plane = (d[OUTPUTS] + rows(tile) - 1) // rows(tile) * rows(tile) * width + step
    data = state[SCRATCH]
    products = data + PRODUCTS * data_plane
    spare = products + PRODUCTS * products_plane
    for first in range(begin, end, columns(tile)):
        count = min(columns(tile), end - first)
        take_patches(tile, arena, d, first, count, across, data, width, data_plane, spare)
        _multiply(tile, arena, d, data, data_plane, products, products_plane)
        for t in range(count):
            at = products + t * step
            give_patch(tile, arena, d, first + t, across, 0, d[OUTPUTS], at, width, products_plane, spare)

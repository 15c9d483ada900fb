"""Convolution of 1x1 windows: a product of matrices, weights times channels, at every position.

Tile rows are output channels, columns neighbouring positions. Without a stride a whole plane is one row of positions:
no borders, few remainders. Weights are packed as for the sliding sum: [group of channels][block][input][rows].
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import NamedTuple

from netspec.kernels.cpu.language.descriptor import Words, places
from netspec.kernels.cpu.language.jit import kernel, routine
from netspec.kernels.cpu.language.planes import NO_BIAS
from netspec.kernels.cpu.language.products import outer
from netspec.kernels.cpu.language.tile import columns, load, narrow, prefetch, rectify, rows, save, spread, zeros
from netspec.kernels.cpu.layers.activations import RELU


class Positions(NamedTuple):
    """Place and strides of the positions of an activation; strides count float32 numbers."""

    place: int
    group: int
    channel: int
    row: int
    column: int


class MultiplyChannels(NamedTuple):
    """Words of `multiply_channels`: rows of `width` positions, in `segments` of `segment`, with `units` in a group."""

    x: Positions
    y: Positions
    width: int
    segment: int
    segments: int
    units: int
    weights: int
    inputs: int
    outputs: int
    channel_groups: int
    input_block: int
    bias: int
    activation: int


MULTIPLY = places(MultiplyChannels)


@routine
def _multiply(tile, arena, d, x, y, w, bias, first, inputs, count):
    """One tile of outputs over `inputs` channels; x and w are places of the first, channel number `first`. The output
    already holds the sums of earlier channels."""
    registers = zeros(tile)
    if first > 0:
        registers = load(tile, arena, y, d[MULTIPLY.y.channel], d[MULTIPLY.y.column], count)
    else:
        prefetch(tile, arena, y, d[MULTIPLY.y.channel], d[MULTIPLY.y.column], count)
        if bias >= 0:
            registers = spread(tile, arena, bias, count)
    x_channel, x_step = d[MULTIPLY.x.channel], d[MULTIPLY.x.column]
    for _ in range(inputs):
        registers = outer(registers, arena, x, x_step, w)
        x += x_channel
        w += rows(tile)
    if d[MULTIPLY.activation] == RELU and first + inputs == d[MULTIPLY.inputs]:
        registers = rectify(registers)
    save(registers, arena, y, d[MULTIPLY.y.channel], d[MULTIPLY.y.column], count)


@kernel
def multiply_channels(tile, arena, d: Words[MultiplyChannels], state, begin, end, thread):
    """Unit: all outputs of a segment of a row of positions of a group of images.

    A block of input channels is summed for all outputs before the next block, so that the inputs of a segment stay in
    the L1 cache. The output holds the sums of earlier blocks.
    """
    blocks = (d[MULTIPLY.outputs] + rows(tile) - 1) // rows(tile)
    passes = (d[MULTIPLY.inputs] + d[MULTIPLY.input_block] - 1) // d[MULTIPLY.input_block]
    for unit in range(begin, end):
        group, part = unit // d[MULTIPLY.units], unit % d[MULTIPLY.units]
        row, start = part // d[MULTIPLY.segments], part % d[MULTIPLY.segments] * d[MULTIPLY.segment]
        stop = min(start + d[MULTIPLY.segment], d[MULTIPLY.width])
        for piece in range(d[MULTIPLY.channel_groups] * passes * blocks):
            b, first, q = piece % blocks, piece // blocks % passes * d[MULTIPLY.input_block], piece // (blocks * passes)
            inputs = min(d[MULTIPLY.input_block], d[MULTIPLY.inputs] - first)
            count = min(rows(tile), d[MULTIPLY.outputs] - b * rows(tile))
            k = q * d[MULTIPLY.outputs] + b * rows(tile)
            bias = d[MULTIPLY.bias] + k if d[MULTIPLY.bias] >= 0 else NO_BIAS
            w = d[MULTIPLY.weights] + ((q * blocks + b) * d[MULTIPLY.inputs] + first) * rows(tile)
            x = (
                d[MULTIPLY.x.place]
                + group * d[MULTIPLY.x.group]
                + (q * d[MULTIPLY.inputs] + first) * d[MULTIPLY.x.channel]
                + row * d[MULTIPLY.x.row]
            )
            y = d[MULTIPLY.y.place] + group * d[MULTIPLY.y.group] + k * d[MULTIPLY.y.channel] + row * d[MULTIPLY.y.row]
            column = start
            while column + columns(tile) <= stop:
                at, into = x + column * d[MULTIPLY.x.column], y + column * d[MULTIPLY.y.column]
                _multiply(tile, arena, d, at, into, w, bias, first, inputs, count)
                column += columns(tile)
            while column < stop:
                at, into = x + column * d[MULTIPLY.x.column], y + column * d[MULTIPLY.y.column]
                _multiply(narrow(tile), arena, d, at, into, w, bias, first, inputs, count)
                column += 1

"""Kernels whose lanes hold channels, for operations over all channels of a pixel or with numbers for each channel."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import NamedTuple

import numpy as np

from netspec.kernels.cpu.channels.products import columns_spread
from netspec.kernels.cpu.channels.sums import Ending
from netspec.kernels.cpu.language.descriptor import ChannelMap, Words, places
from netspec.kernels.cpu.language.jit import kernel, routine
from netspec.kernels.cpu.language.memory import real
from netspec.kernels.cpu.language.products import cross
from netspec.kernels.cpu.language.state import SCRATCH
from netspec.kernels.cpu.language.tile import clamp, lanes, rows, save
from netspec.kernels.cpu.language.vector import (
    first_lanes,
    fma,
    load,
    select,
    splat,
    sqrt,
    store,
    sum_lanes,
)
from netspec.kernels.cpu.language.vector_math import exp, inverse_three_quarters, power
from netspec.kernels.cpu.layers.activations import IDENTITY, activate


class Maps(NamedTuple):
    """Words of `softmax_pixels`, and the first ones of the others."""

    x: ChannelMap
    y: ChannelMap
    channels: int
    pixels: int


class ScaleChannels(NamedTuple):
    """Words of `scale_channels`: four arrays of channels, `statistics_step` apart."""

    maps: Maps
    statistics: int
    statistics_step: int
    epsilon: float


class ResponseNorm(NamedTuple):
    """Words of `response_norm`, as in `local_response_norm.py`."""

    maps: Maps
    below: int
    above: int
    share: float
    beta: float
    base: float


class Maxout(NamedTuple):
    """Words of `maxout`; channels are those of y."""

    maps: Maps
    pieces: int


class SlideDepthwise(NamedTuple):
    """Words of `slide_depthwise`. Steps and strides count float32 numbers."""

    maps: Maps
    x_row: int
    x_column: int
    x_stride_rows: int
    x_stride_columns: int
    out_height: int
    out_width: int
    weights: int
    bias: int
    taps_y: int
    taps_x: int
    ending: Ending


MAPS, SCALE, RESPONSE = places(Maps), places(ScaleChannels), places(ResponseNorm)
MAXOUT, SLIDE = places(Maxout), places(SlideDepthwise)


@kernel
def scale_channels(tile, arena, d: Words[ScaleChannels], state, begin, end, thread):
    """(x - mean) * scale / sqrt(variance + epsilon) + shift. Unit: a vector of channels of an image."""
    step, vectors = lanes(tile), (d[MAPS.channels] + lanes(tile) - 1) // lanes(tile)
    for unit in range(begin, end):
        image, a = unit // vectors, unit % vectors
        at = d[SCALE.statistics] + a * step
        scale, shift = load(tile, arena, at), load(tile, arena, at + d[SCALE.statistics_step])
        mean = load(tile, arena, at + 2 * d[SCALE.statistics_step])
        factor = scale / sqrt(load(tile, arena, at + 3 * d[SCALE.statistics_step]) + real(d, SCALE.epsilon))
        x = d[MAPS.x.place] + image * d[MAPS.x.image] + a * d[MAPS.x.vector]
        y = d[MAPS.y.place] + image * d[MAPS.y.image] + a * d[MAPS.y.vector]
        for i in range(0, d[MAPS.pixels] * step, step):
            store(arena, y + i, fma(load(tile, arena, x + i) - mean, factor, shift))


@kernel
def softmax_pixels(tile, arena, d: Words[Maps], state, begin, end, thread):
    """Softmax over the channels. Unit: a pixel of an image."""
    step, vectors = lanes(tile), (d[MAPS.channels] + lanes(tile) - 1) // lanes(tile)
    for unit in range(begin, end):
        image, pixel = unit // d[MAPS.pixels], unit % d[MAPS.pixels] * step
        x, y = d[MAPS.x.place] + image * d[MAPS.x.image] + pixel, d[MAPS.y.place] + image * d[MAPS.y.image] + pixel
        largest = arena[x]
        for c in range(1, d[MAPS.channels]):
            largest = max(largest, arena[x + c // step * d[MAPS.x.vector] + c % step])
        total = splat(tile, 0.0)
        for a in range(vectors):
            shifted = load(tile, arena, x + a * d[MAPS.x.vector]) - largest
            powers = select(first_lanes(tile, d[MAPS.channels] - a * step), exp(shifted), 0.0)
            store(arena, y + a * d[MAPS.y.vector], powers)
            total += powers
        share = np.float32(1.0) / sum_lanes(total)
        for a in range(vectors):
            store(arena, y + a * d[MAPS.y.vector], load(tile, arena, y + a * d[MAPS.y.vector]) * share)


@kernel
def response_norm(tile, arena, d: Words[ResponseNorm], state, begin, end, thread):
    """Local response normalisation. The thread's scratch holds the squares of a pixel's channels, with zeros before and
    after them. Unit: a pixel of an image."""
    step, below, above = lanes(tile), d[RESPONSE.below], d[RESPONSE.above]
    share, beta, base = real(d, RESPONSE.share), real(d, RESPONSE.beta), real(d, RESPONSE.base)
    squares = state[SCRATCH] + below
    for unit in range(begin, end):
        image, pixel = unit // d[MAPS.pixels], unit % d[MAPS.pixels] * step
        x, y = d[MAPS.x.place] + image * d[MAPS.x.image] + pixel, d[MAPS.y.place] + image * d[MAPS.y.image] + pixel
        for k in range(below):
            arena[state[SCRATCH] + k] = np.float32(0.0)
        for a in range(0, d[MAPS.channels], step):
            own = load(tile, arena, x + a // step * d[MAPS.x.vector])
            store(arena, squares + a, select(first_lanes(tile, d[MAPS.channels] - a), own * own, 0.0))
        for k in range(d[MAPS.channels], d[MAPS.channels] + above + step):
            arena[squares + k] = np.float32(0.0)
        for a in range(0, d[MAPS.channels], step):
            total = splat(tile, 0.0)
            for near in range(a - below, a + above + 1):
                total += load(tile, arena, squares + near)
            s, own = fma(total, share, base), load(tile, arena, x + a // step * d[MAPS.x.vector])
            scaled = inverse_three_quarters(s) if beta == 0.75 else power(s, -beta)
            store(arena, y + a // step * d[MAPS.y.vector], own * scaled)


@kernel
def maxout(tile, arena, d: Words[Maxout], state, begin, end, thread):
    """The largest of `pieces` neighbouring channels. Unit: a pixel of an image."""
    step, pieces = lanes(tile), d[MAXOUT.pieces]
    for unit in range(begin, end):
        image, pixel = unit // d[MAPS.pixels], unit % d[MAPS.pixels] * step
        x, y = d[MAPS.x.place] + image * d[MAPS.x.image] + pixel, d[MAPS.y.place] + image * d[MAPS.y.image] + pixel
        for k in range(d[MAPS.channels]):
            first = k * pieces
            best = arena[x + first // step * d[MAPS.x.vector] + first % step]
            for c in range(first + 1, first + pieces):
                best = max(best, arena[x + c // step * d[MAPS.x.vector] + c % step])
            arena[y + k // step * d[MAPS.y.vector] + k % step] = best


@routine
def _activate(tile, arena, d, y, count):
    code, slope = d[SLIDE.ending.activation], real(d, SLIDE.ending.slope)
    for k in range(y, y + count * lanes(tile), lanes(tile)):
        store(arena, k, activate(load(tile, arena, k), code, slope))


@routine
def _window(registers, arena, d, x, w, step, column_step):
    """Adds the products of one window's taps for each row of a tile, `column_step` apart in x."""
    for i in range(d[SLIDE.taps_y]):
        at = x + i * d[SLIDE.x_row]
        for _ in range(d[SLIDE.taps_x]):
            registers = cross(registers, arena, w, 0, at, column_step)
            at += d[SLIDE.x_column]
            w += step
    return registers


@kernel
def slide_depthwise(tile, arena, d: Words[SlideDepthwise], state, begin, end, thread):
    """A depthwise sum over windows. Rows of a tile are neighbouring pixels. Unit: an output row of a vector of channels
    of an image."""
    step, vectors = lanes(tile), (d[MAPS.channels] + lanes(tile) - 1) // lanes(tile)
    low, high = real(d, SLIDE.ending.low), real(d, SLIDE.ending.high)
    for unit in range(begin, end):
        row, part = unit % d[SLIDE.out_height], unit // d[SLIDE.out_height]
        image, a = part // vectors, part % vectors
        x = d[MAPS.x.place] + image * d[MAPS.x.image] + a * d[MAPS.x.vector] + row * d[SLIDE.x_stride_rows]
        y = d[MAPS.y.place] + image * d[MAPS.y.image] + a * d[MAPS.y.vector] + row * d[SLIDE.out_width] * step
        w, bias = d[SLIDE.weights] + a * d[SLIDE.taps_y] * d[SLIDE.taps_x] * step, d[SLIDE.bias] + a * step
        for column in range(0, d[SLIDE.out_width], rows(tile)):
            count, at = min(rows(tile), d[SLIDE.out_width] - column), x + column * d[SLIDE.x_stride_columns]
            registers = columns_spread(tile, arena, bias)
            if d[SLIDE.x_stride_columns] == step:
                registers = _window(registers, arena, d, at, w, step, step)
            else:
                registers = _window(registers, arena, d, at, w, step, d[SLIDE.x_stride_columns])
            save(clamp(registers, low, high), arena, y + column * step, step, 0, count)
        if d[SLIDE.ending.activation] != IDENTITY:
            _activate(tile, arena, d, y, d[SLIDE.out_width])

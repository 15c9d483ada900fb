"""Kernels with lanes = channels of operations that look at all channels of a pixel, or at a channel's own numbers."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

import numpy as np

from netspec.kernels.cpu.activations import activate
from netspec.kernels.cpu.channel_products import columns_spread
from netspec.kernels.cpu.jit import kernel, routine
from netspec.kernels.cpu.memory import real
from netspec.kernels.cpu.products import cross
from netspec.kernels.cpu.state import SCRATCH
from netspec.kernels.cpu.tile import lanes, rows, save
from netspec.kernels.cpu.vector import (
    first_lanes,
    fma,
    load,
    select,
    splat,
    sqrt,
    store,
    sum_lanes,
)
from netspec.kernels.cpu.vector_math import exp, inverse_three_quarters, power

# Words that all of these descriptors begin with. Strides count float32 numbers.
(X, X_IMAGE, X_VECTOR, Y, Y_IMAGE, Y_VECTOR, CHANNELS, PIXELS) = range(8)

# Words of the descriptor of `scale_channels`: four arrays of channels, and how far apart they lie.
(STATISTICS, STATISTICS_STEP, EPSILON) = range(8, 11)

# Words of the descriptor of `neighbours`, as in `local_response_norm.py`.
(BELOW, ABOVE, SHARE, BETA, BASE) = range(8, 13)

PIECES = 8

# Words of the descriptor of `slide_depthwise`.
(X_ROW, X_STRIDE_ROWS, OUT_HEIGHT, OUT_WIDTH, WEIGHTS, BIAS, TAPS_Y, TAPS_X, ACTIVATION, SLOPE) = range(8, 18)
TAPS = 18


@kernel
def scale_channels(tile, arena, d, state, begin, end, thread):
    """(x - mean) * scale / sqrt(variance + epsilon) + shift. Unit: a vector of channels of an image."""
    step, vectors = lanes(tile), (d[CHANNELS] + lanes(tile) - 1) // lanes(tile)
    for unit in range(begin, end):
        image, a = unit // vectors, unit % vectors
        at = d[STATISTICS] + a * step
        scale, shift = load(tile, arena, at), load(tile, arena, at + d[STATISTICS_STEP])
        mean = load(tile, arena, at + 2 * d[STATISTICS_STEP])
        factor = scale / sqrt(load(tile, arena, at + 3 * d[STATISTICS_STEP]) + real(d, EPSILON))
        x, y = d[X] + image * d[X_IMAGE] + a * d[X_VECTOR], d[Y] + image * d[Y_IMAGE] + a * d[Y_VECTOR]
        for i in range(0, d[PIXELS] * step, step):
            store(arena, y + i, fma(load(tile, arena, x + i) - mean, factor, shift))


@kernel
def softmax_pixels(tile, arena, d, state, begin, end, thread):
    """Softmax over the channels. Unit: a pixel of an image."""
    step, vectors = lanes(tile), (d[CHANNELS] + lanes(tile) - 1) // lanes(tile)
    for unit in range(begin, end):
        image, pixel = unit // d[PIXELS], unit % d[PIXELS] * step
        x, y = d[X] + image * d[X_IMAGE] + pixel, d[Y] + image * d[Y_IMAGE] + pixel
        largest = arena[x]
        for c in range(1, d[CHANNELS]):
            largest = max(largest, arena[x + c // step * d[X_VECTOR] + c % step])
        total = splat(tile, 0.0)
        for a in range(vectors):
            shifted = load(tile, arena, x + a * d[X_VECTOR]) - largest
            raised = select(first_lanes(tile, d[CHANNELS] - a * step), exp(shifted), 0.0)
            store(arena, y + a * d[Y_VECTOR], raised)
            total += raised
        share = np.float32(1.0) / sum_lanes(total)
        for a in range(vectors):
            store(arena, y + a * d[Y_VECTOR], load(tile, arena, y + a * d[Y_VECTOR]) * share)


@kernel
def neighbours(tile, arena, d, state, begin, end, thread):
    """Local response normalisation. The thread's scratch holds the squares of a pixel's channels side by side, with
    zeros before and behind. Unit: a pixel of an image."""
    step, below, above = lanes(tile), d[BELOW], d[ABOVE]
    share, beta, base = real(d, SHARE), real(d, BETA), real(d, BASE)
    squares = state[SCRATCH] + below
    for unit in range(begin, end):
        image, pixel = unit // d[PIXELS], unit % d[PIXELS] * step
        x, y = d[X] + image * d[X_IMAGE] + pixel, d[Y] + image * d[Y_IMAGE] + pixel
        for k in range(below):
            arena[state[SCRATCH] + k] = np.float32(0.0)
        for a in range(0, d[CHANNELS], step):
            own = load(tile, arena, x + a // step * d[X_VECTOR])
            store(arena, squares + a, select(first_lanes(tile, d[CHANNELS] - a), own * own, 0.0))
        for k in range(d[CHANNELS], d[CHANNELS] + above + step):
            arena[squares + k] = np.float32(0.0)
        for a in range(0, d[CHANNELS], step):
            total = splat(tile, 0.0)
            for near in range(a - below, a + above + 1):
                total += load(tile, arena, squares + near)
            s, own = fma(total, share, base), load(tile, arena, x + a // step * d[X_VECTOR])
            scaled = inverse_three_quarters(s) if beta == 0.75 else power(s, -beta)
            store(arena, y + a // step * d[Y_VECTOR], own * scaled)


@kernel
def largest_piece(tile, arena, d, state, begin, end, thread):
    """The largest of PIECES neighbouring channels. Unit: a pixel of an image; CHANNELS are those of y."""
    step, pieces = lanes(tile), d[PIECES]
    for unit in range(begin, end):
        image, pixel = unit // d[PIXELS], unit % d[PIXELS] * step
        x, y = d[X] + image * d[X_IMAGE] + pixel, d[Y] + image * d[Y_IMAGE] + pixel
        for k in range(d[CHANNELS]):
            first = k * pieces
            best = arena[x + first // step * d[X_VECTOR] + first % step]
            for c in range(first + 1, first + pieces):
                best = max(best, arena[x + c // step * d[X_VECTOR] + c % step])
            arena[y + k // step * d[Y_VECTOR] + k % step] = best


@routine
def _activated(tile, arena, d, y, count):
    for r in range(count):
        place = y + r * lanes(tile)
        store(arena, place, activate(load(tile, arena, place), d[ACTIVATION], real(d, SLOPE)))


@kernel
def slide_depthwise(tile, arena, d, state, begin, end, thread):
    """Every channel its own window. A tile's rows are neighbouring pixels. Unit: an output row of a vector of channels
    of an image."""
    step, vectors = lanes(tile), (d[CHANNELS] + lanes(tile) - 1) // lanes(tile)
    for unit in range(begin, end):
        row, part = unit % d[OUT_HEIGHT], unit // d[OUT_HEIGHT]
        image, a = part // vectors, part % vectors
        x = d[X] + image * d[X_IMAGE] + a * d[X_VECTOR] + row * d[X_STRIDE_ROWS]
        y = d[Y] + image * d[Y_IMAGE] + a * d[Y_VECTOR] + row * d[OUT_WIDTH] * step
        weights, bias = d[WEIGHTS] + a * d[TAPS_Y] * d[TAPS_X] * step, d[BIAS] + a * step
        for column in range(0, d[OUT_WIDTH], rows(tile)):
            count, w = min(rows(tile), d[OUT_WIDTH] - column), weights
            registers = columns_spread(tile, arena, bias)
            for i in range(d[TAPS_Y]):
                at = x + i * d[X_ROW] + column * step
                for j in range(d[TAPS_X]):
                    registers = cross(registers, arena, w, 0, at + d[TAPS + j], step)
                    w += step
            save(registers, arena, y + column * step, step, 0, count)
            if d[ACTIVATION] != 0:
                _activated(tile, arena, d, y + column * step, count)

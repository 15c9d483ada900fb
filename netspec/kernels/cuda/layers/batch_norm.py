"""Batch normalisation with running statistics (inference), its derivative, and with the batch's own (training).

Statistics have two stages: mean and centred sum of squares of each chunk of a channel, by two passes over it, then
chunks merged neighbours first (Chan, Golub, LeVeque 1979). A large mean costs no precision.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

import math

from numba import cuda, float32, int32

from netspec.kernels.cuda.language.activation import activate
from netspec.kernels.cuda.language.jit import routine
from netspec.kernels.cuda.language.sums import BLOCK, block_sum
from netspec.kernels.cuda.language.threads import place, quotient, remainder


@routine
def channel_of(t, s):
    """The channel of number t of (N, channels, positions)."""
    return remainder(quotient(t, int32(s.positions)), int32(s.channels))


@routine
def number_of(i, c, s):
    """The place in (N, channels, positions) of number i of channel c."""
    n = quotient(i, int32(s.positions))
    return int32((n * s.channels + c) * s.positions + (i - n * s.positions))


@routine
def normalised(x, mean, factor, shift):
    """Rounded alike wherever it is computed, so that a gradient has the mask of the value made forward."""
    return cuda.fma(x - mean, factor, shift)


def batch_norm(y, x, scale, shift, mean, variance, images, s, epsilon):
    """y = scale * (x - mean) / sqrt(variance + epsilon) + shift; a thread a number."""
    t = place()
    if t >= images * s.channels * s.positions:
        return
    c = channel_of(t, s)
    factor = scale[c] / math.sqrt(variance[c] + epsilon)
    y[t] = normalised(x[t], mean[c], factor, shift[c])


def batch_norm_input_gradient(dx, dy, scale, variance, images, s, epsilon):
    """dx = scale / sqrt(variance + epsilon) * dy; a thread a number."""
    t = place()
    if t >= images * s.channels * s.positions:
        return
    c = channel_of(t, s)
    dx[t] = dy[t] * (scale[c] / math.sqrt(variance[c] + epsilon))


def batch_norm_chunks(means, squares, x, images, s, d):
    """Mean and centred sum of squares of each chunk of a channel, (parts, channels); a block a chunk."""
    c = remainder(int32(cuda.blockIdx.x), int32(d.sums))
    chunk = quotient(int32(cuda.blockIdx.x), int32(d.sums))
    begin = int32(chunk * d.size)
    end = min(int32(begin + d.size), int32(images * s.positions))
    count = float32(max(int32(1), int32(end - begin)))
    total = float32(0)
    i = int32(begin + cuda.threadIdx.x)
    while i < end:
        total += x[number_of(i, c, s)]
        i += BLOCK
    mean = block_sum(total) / count
    total = float32(0)
    i = int32(begin + cuda.threadIdx.x)
    while i < end:
        deviation = x[number_of(i, c, s)] - mean
        total += deviation * deviation
        i += BLOCK
    whole = block_sum(total)
    if cuda.threadIdx.x == 0:
        means[cuda.blockIdx.x] = mean
        squares[cuda.blockIdx.x] = whole


@routine
def _numbers(first, chunks, total, d):
    """How many of a channel's `total` numbers are in so many chunks from `first` on."""
    begin = min(int32(first * d.size), total)
    return int32(min(int32((first + chunks) * d.size), total) - begin)


@routine
def _merge(means, squares, c, total, d):
    """Leaves mean and centred sum of squares of channel c in place of its first chunk's."""
    step = int32(1)
    while step < d.parts:
        chunk = int32(0)
        while chunk + step < d.parts:
            mine, its = _numbers(chunk, step, total, d), _numbers(chunk + step, step, total, d)
            if its > 0:
                here, there = chunk * d.sums + c, (chunk + step) * d.sums + c
                part, difference = float32(its) / float32(mine + its), means[there] - means[here]
                means[here] += difference * part
                squares[here] += squares[there] + difference * difference * (float32(mine) * part)
            chunk += 2 * step
        step *= 2


def batch_norm_statistics(
    batch_mean, inverse, new_mean, new_variance, mean, variance, means, squares, images, s, d, epsilon, momentum, rest
):
    """The statistics of the batch and the running ones, which take the unbiased variance; a thread a channel. `rest`
    is 1 - momentum. The chunks are overwritten."""
    c = place()
    if c >= d.sums:
        return
    total = int32(images * s.positions)
    _merge(means, squares, c, total, d)
    centre, biased = means[c], squares[c] / float32(total)
    unbiased = squares[c] / float32(max(int32(1), int32(total - 1)))
    batch_mean[c] = centre
    inverse[c] = float32(1) / math.sqrt(biased + epsilon)
    new_mean[c] = momentum * mean[c] + rest * centre
    new_variance[c] = momentum * variance[c] + rest * unbiased


def batch_norm_training(y, x, scale, shift, mean, inverse, addend, images, s, slope):
    """y = activation(scale * inverse * (x - mean) + shift [+ addend]); a thread a number."""
    t = place()
    if t >= images * s.channels * s.positions:
        return
    c = channel_of(t, s)
    z = normalised(x[t], mean[c], scale[c] * inverse[c], shift[c])
    if s.added:
        z += addend[t]
    y[t] = activate(z, s.activation, slope)

"""Gradient of batch normalisation, of the activation after it, and of an addition between the two.

With h = (x - mean) * inverse, m numbers a channel, and dz the cotangent of scale * h + shift:
dx = scale * inverse * (dz - (sum of dz) / m - h * (sum of dz * h) / m)
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from numba import cuda, float32, int32

from netspec.kernels.cuda.language.activation import GELU, IDENTITY, SILU, activate, derivative
from netspec.kernels.cuda.language.jit import routine
from netspec.kernels.cuda.language.sums import BLOCK, block_sum
from netspec.kernels.cuda.language.threads import place, quotient, remainder
from netspec.kernels.cuda.layers.batch_norm import channel_of, normalised, number_of
from netspec.kernels.cuda.layers.join import sum_of_terms


@routine
def _saved(at, x, y, mean, factor, shift, s, slope):
    """What the activation's derivative is taken from: its output y, or without one its input or output by x."""
    if not s.recomputed:
        return y[at]
    z = normalised(x[at], mean, factor, shift)
    if s.activation == GELU or s.activation == SILU:
        return z
    return activate(z, s.activation, slope)


def batch_norm_sums(
    sums, weighted, dz, x, y, scale, shift, mean, inverse, first, second, third, fourth, images, s, d, slope
):
    """Sums of dz and of dz * h over each chunk of a channel, (parts, channels); a block a chunk.

    dz, the sum of the cotangents times the activation's derivative, is stored where another call reads it.
    """
    c = remainder(int32(cuda.blockIdx.x), int32(d.sums))
    chunk = quotient(int32(cuda.blockIdx.x), int32(d.sums))
    i = int32(chunk * d.size + cuda.threadIdx.x)
    end = min(int32((chunk + 1) * d.size), int32(images * s.positions))
    centre, factor = mean[c], scale[c] * inverse[c]
    total, product = float32(0), float32(0)
    while i < end:
        at = number_of(i, c, s)
        cotangent = sum_of_terms(first, second, third, fourth, at, s.terms)
        if s.activation != IDENTITY:
            saved = _saved(at, x, y, centre, factor, shift[c], s, slope)
            cotangent *= derivative(saved, s.activation, slope)
        total += cotangent
        product += cotangent * (x[at] - centre)
        if s.stored:
            dz[at] = cotangent
        i += BLOCK
    total, product = block_sum(total), block_sum(product)
    if cuda.threadIdx.x == 0:
        sums[cuda.blockIdx.x] = total
        weighted[cuda.blockIdx.x] = product * inverse[c]


def batch_norm_gradient(dx, dz, x, scale, mean, inverse, dscale, dshift, images, s):
    """dx of both sums, dshift and dscale; a thread a number."""
    t = place()
    if t >= images * s.channels * s.positions:
        return
    c = channel_of(t, s)
    share = float32(1) / float32(int32(images * s.positions))
    normal = (x[t] - mean[c]) * inverse[c]
    dx[t] = scale[c] * inverse[c] * (dz[t] - (dshift[c] + normal * dscale[c]) * share)

"""Local response normalisation across channels, and its gradient; a thread a number.

y = x * base^-beta with base = k + alpha/size * (sum of x^2 over the neighbouring channels); `share` is alpha/size.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

import math

from numba import float32, int32

from netspec.kernels.cuda.language.jit import routine
from netspec.kernels.cuda.language.threads import place, quotient


@routine
def _channel(t, s):
    """The image, channel and position of number t of (N, channels, positions)."""
    plane = quotient(t, int32(s.positions))
    n = quotient(plane, int32(s.channels))
    return n, int32(plane - n * s.channels), int32(t - plane * s.positions)


@routine
def _base(x, t, s, share, k):
    """k + share * sum of x^2 over the neighbours of number t."""
    n, c, position = _channel(t, s)
    total = float32(0)
    d = max(int32(0), int32(c - s.below))
    last = min(int32(s.channels - 1), int32(c + s.above))
    while d <= last:
        near = x[(n * s.channels + d) * s.positions + position]
        total += near * near
        d += 1
    return k + share * total


def local_response_norm(y, x, images, s, share, beta, k):
    t = place()
    if t < images * s.channels * s.positions:
        y[t] = x[t] * math.pow(_base(x, t, s, share, k), -beta)


def local_response_norm_terms(terms, x, dy, images, s, share, beta, k):
    """What each number gives to the gradients of its neighbours: dy * x * base^(-beta-1)"""
    t = place()
    if t < images * s.channels * s.positions:
        terms[t] = dy[t] * x[t] * math.pow(_base(x, t, s, share, k), -beta - float32(1))


def local_response_norm_gradient(dx, x, dy, terms, images, s, share, beta, k):
    """dx = dy * base^-beta - 2 * share * beta * x * sum of terms over the channels whose neighbour this one is"""
    t = place()
    if t >= images * s.channels * s.positions:
        return
    n, c, position = _channel(t, s)
    total = float32(0)
    d = max(int32(0), int32(c - s.above))
    last = min(int32(s.channels - 1), int32(c + s.below))
    while d <= last:
        total += terms[(n * s.channels + d) * s.positions + position]
        d += 1
    pull = (share + share) * beta * x[t] * total
    dx[t] = dy[t] * math.pow(_base(x, t, s, share, k), -beta) - pull

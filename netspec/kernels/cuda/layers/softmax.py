"""Softmax over the channels of each position, and its gradient: a warp a position, eight positions a block.

Each lane goes through every 32nd channel. Sums over lanes have a fixed tree.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

import math

from numba import float32, int32

from netspec.kernels.cuda.language.jit import routine
from netspec.kernels.cuda.language.sums import warp_largest, warp_sum
from netspec.kernels.cuda.language.threads import lane, quotient, warp


@routine
def _first_channel(t, s):
    """The place of channel 0 of position t of (N, positions)."""
    n = quotient(t, int32(s.positions))
    return int32(n * s.channels * s.positions + (t - n * s.positions))


def softmax(y, x, images, s):
    """y[n,c,p] = exp(x[n,c,p] - largest) / sum over c of the same"""
    t = warp()
    if t >= images * s.positions:
        return
    first, mine = _first_channel(t, s), lane()
    largest = float32(-math.inf)
    c = mine
    while c < s.channels:
        own = x[first + c * s.positions]
        largest = own if own > largest else largest
        c += 32
    largest = warp_largest(largest)
    total = float32(0)
    c = mine
    while c < s.channels:
        power = math.exp(x[first + c * s.positions] - largest)
        y[first + c * s.positions] = power
        total += power
        c += 32
    share = float32(1) / warp_sum(total)
    c = mine
    while c < s.channels:
        y[first + c * s.positions] *= share
        c += 32


def softmax_gradient(dx, y, dy, images, s):
    """dx[n,c,p] = y[n,c,p] * (dy[n,c,p] - sum over c of y * dy)"""
    t = warp()
    if t >= images * s.positions:
        return
    first, mine = _first_channel(t, s), lane()
    total = float32(0)
    c = mine
    while c < s.channels:
        at = first + c * s.positions
        total += y[at] * dy[at]
        c += 32
    total = warp_sum(total)
    c = mine
    while c < s.channels:
        at = first + c * s.positions
        dx[at] = y[at] * (dy[at] - total)
        c += 32

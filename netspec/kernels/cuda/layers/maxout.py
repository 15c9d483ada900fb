"""Maxout: the largest of neighbouring channels. Its gradient goes to the first largest. A NaN is the largest."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from numba import float32, int32

from netspec.kernels.cuda.language.jit import routine
from netspec.kernels.cuda.language.threads import place, quotient


@routine
def _first_piece(t, s):
    """The place in x of the first piece of output t."""
    plane = quotient(t, int32(s.positions))
    return int32(plane * s.pieces * s.positions + (t - plane * s.positions))


def maxout(y, x, images, s):
    """y[n,c,p] = the largest of x[n,c*pieces,p], x[n,c*pieces+1,p], ...; a thread an output."""
    t = place()
    if t >= images * s.channels * s.positions:
        return
    first = _first_piece(t, s)
    best = x[first]
    for piece in range(1, s.pieces):
        mine = x[first + piece * s.positions]
        if mine > best or mine != mine:
            best = mine
    y[t] = best


def maxout_gradient(dx, x, y, dy, images, s):
    """dx = dy at the first piece that is y, else 0; a thread an output writes all pieces."""
    t = place()
    if t >= images * s.channels * s.positions:
        return
    first, largest, left = _first_piece(t, s), y[t], dy[t]
    for piece in range(s.pieces):
        at = first + piece * s.positions
        mine, own = x[at], float32(0)
        if mine == largest or mine != mine:
            own, left = left, float32(0)
        dx[at] = own

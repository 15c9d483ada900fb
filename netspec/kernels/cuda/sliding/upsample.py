"""Upsampling by repeated pixels, and its gradient: a thread a number."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from numba import float32, int32

from netspec.kernels.cuda.language.threads import place, quotient
from netspec.kernels.cuda.sliding.convolution import plane_and_position


def upsample(y, x, images, s):
    """y[n,c,y,x] = x[n,c,y // factor,x // factor]"""
    t = place()
    if t >= images * s.c * s.h * s.factor * s.w * s.factor:
        return
    plane, row, column = plane_and_position(t, int32(s.h * s.factor), int32(s.w * s.factor))
    up, left = quotient(row, int32(s.factor)), quotient(column, int32(s.factor))
    y[t] = x[(plane * s.h + up) * s.w + left]


def upsample_gradient(dx, dy, images, s):
    """dx of a pixel: the sum of dy over the square that it fills, row by row"""
    t = place()
    if t >= images * s.c * s.h * s.w:
        return
    plane, row, column = plane_and_position(t, s.h, s.w)
    total = float32(0)
    for i in range(s.factor):
        first = ((plane * s.h + row) * s.factor + i) * s.w * s.factor + column * s.factor
        for j in range(s.factor):
            total += dy[first + j]
    dx[t] = total

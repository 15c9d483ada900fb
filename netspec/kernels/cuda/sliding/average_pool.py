"""Average pooling and its gradient: a thread a number.

An average divides by the taps of its window that are pixels, or pixels of a border around the image that count too.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from numba import float32, int32

from netspec.kernels.cuda.language.jit import routine
from netspec.kernels.cuda.language.threads import place, quotient
from netspec.kernels.cuda.sliding.convolution import output_seeing, plane_and_position


@routine
def _taps(start, kernel, dilation, size, border):
    """How many of the taps start, start + dilation, ... are at least -border and less than size + border."""
    before, left = int32(-border - start), int32(size + border - start)
    below = quotient(before + dilation - 1, int32(dilation)) if before > 0 else int32(0)
    return min(int32(kernel), quotient(left + dilation - 1, int32(dilation))) - below


@routine
def _rows(y, s, b):
    """Rows that the averages of output row y count."""
    return _taps(int32(y * s.stride_y - s.before_y), s.kh, int32(s.dilation_y), s.h, b.rows)


@routine
def _columns(x, s, b):
    return _taps(int32(x * s.stride_x - s.before_x), s.kw, int32(s.dilation_x), s.w, b.columns)


def average_pool(y, x, images, s, b):
    """y[n,c,y,x] = the sum of the window's pixels / the number of those that count"""
    t = place()
    if t >= images * s.k * s.oh * s.ow:
        return
    plane, row, column = plane_and_position(t, s.oh, s.ow)
    source = plane * s.h * s.w
    total = float32(0)
    for i in range(s.kh):
        y_in = row * s.stride_y + i * s.dilation_y - s.before_y
        if y_in < 0 or y_in >= s.h:
            continue
        for j in range(s.kw):
            x_in = column * s.stride_x + j * s.dilation_x - s.before_x
            if x_in >= 0 and x_in < s.w:
                total += x[source + y_in * s.w + x_in]
    y[t] = total / float32(int32(_rows(row, s, b) * _columns(column, s, b)))


def average_pool_gradient(dx, dy, images, s, b):
    """dx of a pixel: the sum of dy / count over the windows that hold it, tap by tap"""
    t = place()
    if t >= images * s.c * s.h * s.w:
        return
    plane, row, column = plane_and_position(t, s.h, s.w)
    total = float32(0)
    for i in range(s.kh):
        y_out, met = output_seeing(row + s.before_y - i * s.dilation_y, s.stride_y, s.oh)
        if not met:
            continue
        rows = _rows(y_out, s, b)
        for j in range(s.kw):
            x_out, met = output_seeing(column + s.before_x - j * s.dilation_x, s.stride_x, s.ow)
            if not met:
                continue
            total += dy[(plane * s.oh + y_out) * s.ow + x_out] / float32(int32(rows * _columns(x_out, s, b)))
    dx[t] = total

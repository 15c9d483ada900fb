"""Convolution as a tiled matrix product: output channels of a group x (images, positions), summed over (c, i, j)."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from numba import cuda, float32, int32

from netspec.kernels.cuda.language.jit import routine
from netspec.kernels.cuda.language.threads import quotient
from netspec.kernels.cuda.matrix.maps import (
    block_place,
    fetching_maps,
    is_pointwise,
    position_of,
    put_maps,
    store_maps,
)
from netspec.kernels.cuda.matrix.operands import apart_place, deep_place, fetch_deep, flat_place, put_deep
from netspec.kernels.cuda.matrix.tile import SUMS, accumulation


@routine
def depth_of(s):
    """Taps (c, i, j) that an output sums."""
    return int32(quotient(int32(s.c), int32(s.groups)) * s.kh * s.kw)


@routine
def _fetch_weights(operand, k, end, s, t):
    return fetch_deep(operand, k, end, depth_of(s) % 4 == 0)


@routine
def _put_weights(shared, half, four, s, t):
    put_deep(shared, half, four, t.rows)


@routine
def _pixel(operand, k, end, s):
    """The pixel that tap k of (c, i, j) sees; zero in the padding and beyond the matrix."""
    x, at, top, left, here = operand
    c = quotient(k, int32(s.kh * s.kw))
    tap = int32(k - c * (s.kh * s.kw))
    i = quotient(tap, int32(s.kw))
    y_in = int32(top + i * s.dilation_y)
    x_in = int32(left + (tap - i * s.kw) * s.dilation_x)
    inside = y_in >= 0 and y_in < s.h and x_in >= 0 and x_in < s.w
    return x[int32(at + (c * s.h + y_in) * s.w + x_in)] if here and k < end and inside else float32(0)


_accumulate = accumulation(_fetch_weights, _put_weights, fetching_maps(_pixel), put_maps)


@routine
def _column_operand(x, first, total, group, s, t):
    """This thread's column of pixels: x, where its image (or its position) begins, its corner, whether there is one."""
    pointwise = is_pointwise(s)
    column = int32(first + (flat_place(t.columns)[0] if pointwise else apart_place(t.columns)[0]))
    n, position, row, across = position_of(column, s.oh, s.ow)
    channel = int32(n * s.c + group * quotient(int32(s.c), int32(s.groups)))
    at = int32(channel * s.h * s.w + (position if pointwise else int32(0)))
    top, left = int32(row * s.stride_y - s.before_y), int32(across * s.stride_x - s.before_x)
    return x, at, top, left, column < total


def tiled_convolution(y, x, w, b, images, s, d, t):
    """y[n,k,y,x] = b[k] + sum over c,i,j of w[k,c,i,j] * x[n,c,...], through relu or nothing.

    Of several chunks of (c, i, j), y holds the sums one after the other: y[chunk,n,k,y,x].
    """
    rows, depth = quotient(int32(s.k), int32(s.groups)), depth_of(s)
    total = int32(images * s.oh * s.ow)
    first_row, group, first, chunk = block_place(rows, s.groups, total, t)
    if chunk >= d.parts:
        return
    begin = int32(chunk * d.size)
    row, _ = deep_place()
    weights = w, int32((group * rows + first_row + row) * depth), row < t.rows and first_row + row < rows
    pixels = _column_operand(x, first, total, group, s, t)
    sums = cuda.local.array(SUMS, float32)
    _accumulate(sums, weights, pixels, begin, min(int32(begin + d.size), depth), s, t)
    sizes = s.k, rows, s.oh * s.ow, s.biased, s.activation
    store_maps(y, sums, b, (int32(chunk * d.sums), first_row, group, total), first, sizes, t)

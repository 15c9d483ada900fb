"""Weight gradient of a convolution as a tiled matrix product: output channels of a group x (c, i, j), summed over
(images, positions) in chunks."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from numba import cuda, float32, int32

from netspec.kernels.cuda.language.jit import routine
from netspec.kernels.cuda.language.threads import quotient
from netspec.kernels.cuda.language.vectors import load4
from netspec.kernels.cuda.matrix.maps import block_place, is_pointwise, position_of
from netspec.kernels.cuda.matrix.operands import deep_place, put_deep, zeros4
from netspec.kernels.cuda.matrix.rows import store_rows
from netspec.kernels.cuda.matrix.tile import SUMS, accumulation


@routine
def _cotangent(operand, k, end, s):
    """The cotangent of an output channel at (image, position) number k."""
    dy, at, here = operand
    n = quotient(k, int32(s.oh * s.ow))
    return dy[int32(at + n * (s.k - 1) * s.oh * s.ow + k)] if here and k < end else float32(0)


@routine
def _fetch_cotangents(operand, k, end, s, t):
    _, depth = deep_place()
    k = int32(k + depth)
    if (s.oh * s.ow) % 4 == 0:
        dy, at, here = operand
        n = quotient(k, int32(s.oh * s.ow))
        return load4(dy, int32(at + n * (s.k - 1) * s.oh * s.ow + k)) if here and k < end else zeros4()
    return (
        _cotangent(operand, k, end, s),
        _cotangent(operand, int32(k + 1), end, s),
        _cotangent(operand, int32(k + 2), end, s),
        _cotangent(operand, int32(k + 3), end, s),
    )


@routine
def _put_cotangents(shared, half, four, s, t):
    put_deep(shared, half, four, t.rows)


@routine
def _pixel(operand, k, end, s):
    """The pixel that a tap sees from (image, position) number k; zero in the padding."""
    x, at, top, left, here = operand
    n, _, row, column = position_of(k, s.oh, s.ow)
    y_in, x_in = int32(row * s.stride_y + top), int32(column * s.stride_x + left)
    inside = y_in >= 0 and y_in < s.h and x_in >= 0 and x_in < s.w
    return x[int32(at + (n * s.c * s.h + y_in) * s.w + x_in)] if here and k < end and inside else float32(0)


@routine
def _fetch_pixels(operand, k, end, s, t):
    _, depth = deep_place()
    k = int32(k + depth)
    if is_pointwise(s):
        x, at, _, _, here = operand
        n = quotient(k, int32(s.h * s.w))
        return load4(x, int32(at + n * (s.c - 1) * s.h * s.w + k)) if here and k < end else zeros4()
    return (
        _pixel(operand, k, end, s),
        _pixel(operand, int32(k + 1), end, s),
        _pixel(operand, int32(k + 2), end, s),
        _pixel(operand, int32(k + 3), end, s),
    )


@routine
def _put_pixels(shared, half, four, s, t):
    put_deep(shared, half, four, t.columns)


_accumulate = accumulation(_fetch_cotangents, _put_cotangents, _fetch_pixels, _put_pixels)


@routine
def _tap_operand(x, first, columns, group, channels, s, t):
    """This thread's tap (c, i, j): x, where its channel begins, its place in the window less the padding, whether there
    is one."""
    here, _ = deep_place()
    column = int32(first + here)
    c = quotient(column, int32(s.kh * s.kw))
    tap = int32(column - c * (s.kh * s.kw))
    i = quotient(tap, int32(s.kw))
    top = int32(i * s.dilation_y - s.before_y)
    left = int32((tap - i * s.kw) * s.dilation_x - s.before_x)
    at = int32((group * channels + c) * s.h * s.w)
    return x, at, top, left, here < t.columns and column < columns


def tiled_weight_gradient(parts, x, dy, images, s, d, t):
    """parts[chunk,k,c,i,j] = sum over the chunk's (images, positions) of dy[n,k,y,x] * x[n,c,...]"""
    rows, channels = quotient(int32(s.k), int32(s.groups)), quotient(int32(s.c), int32(s.groups))
    columns = int32(channels * s.kh * s.kw)
    first_row, group, first, chunk = block_place(rows, s.groups, columns, t)
    begin = int32(chunk * d.size)
    end = min(int32(begin + d.size), int32(images * s.oh * s.ow))
    row, _ = deep_place()
    channel = int32(group * rows + first_row + row)
    cotangents = dy, int32(channel * s.oh * s.ow), row < t.rows and first_row + row < rows
    taps = _tap_operand(x, first, columns, group, channels, s, t)
    sums = cuda.local.array(SUMS, float32)
    _accumulate(sums, cotangents, taps, begin, end, s, t)
    at = int32(chunk * d.sums + group * rows * columns)
    store_rows(parts, sums, parts, (at, first_row), first, (rows, columns, False, 0), t)

"""Input gradient of a convolution as a tiled matrix product: input channels of a group x (images, pixels), summed over
(k, i, j)."""
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
from netspec.kernels.cuda.matrix.operands import apart_place, fetching_apart, flat_place, put_apart
from netspec.kernels.cuda.matrix.tile import SUMS, accumulation
from netspec.kernels.cuda.sliding.convolution import output_seeing


@routine
def _weight(operand, k, end, s):
    """Weight of an input channel at number k of (k, i, j)."""
    w, at, pitch, here = operand
    taps = int32(s.kh * s.kw)
    output = quotient(k, taps)
    return w[int32(at + output * pitch + (k - output * taps))] if here and k < end else float32(0)


_fetch_apart = fetching_apart(_weight)


@routine
def _fetch_weights(operand, k, end, s, t):
    return _fetch_apart(operand, k, end, t.rows, s)


@routine
def _put_weights(shared, half, four, s, t):
    put_apart(shared, half, four, t.rows)


@routine
def _cotangent(operand, k, end, s):
    """The cotangent at the output position whose tap, number k of (k, i, j), saw the pixel; zero if there is none."""
    dy, at, row, column, here = operand
    output = quotient(k, int32(s.kh * s.kw))
    tap = int32(k - output * (s.kh * s.kw))
    i = quotient(tap, int32(s.kw))
    y_out, in_row = output_seeing(row - i * s.dilation_y, s.stride_y, s.oh)
    x_out, in_column = output_seeing(column - (tap - i * s.kw) * s.dilation_x, s.stride_x, s.ow)
    met = in_row and in_column
    return dy[int32(at + (output * s.oh + y_out) * s.ow + x_out)] if here and k < end and met else float32(0)


_accumulate = accumulation(_fetch_weights, _put_weights, fetching_maps(_cotangent), put_maps)


@routine
def _column_operand(dy, first, total, group, s, t):
    """This thread's pixel: dy, where the maps of its image begin (or its position in them), its row and column counted
    from the padding on, whether there is one."""
    pointwise = is_pointwise(s)
    column = int32(first + (flat_place(t.columns)[0] if pointwise else apart_place(t.columns)[0]))
    n, position, row, across = position_of(column, s.h, s.w)
    output = int32(n * s.k + group * quotient(int32(s.k), int32(s.groups)))
    at = int32(output * s.oh * s.ow + (position if pointwise else int32(0)))
    return dy, at, int32(row + s.before_y), int32(across + s.before_x), column < total


def tiled_input_gradient(dx, dy, w, b, images, s, d, t):
    """dx[n,c,y,x] = sum over k,i,j of w[k,c,i,j] * dy[n,k,...]

    A deconvolution is the same with b[c], through relu or nothing. Of several chunks of (k, i, j), dx holds the sums
    one after the other: dx[chunk,n,c,y,x].
    """
    rows, outputs = quotient(int32(s.c), int32(s.groups)), quotient(int32(s.k), int32(s.groups))
    total = int32(images * s.h * s.w)
    first_row, group, first, chunk = block_place(rows, s.groups, total, t)
    if chunk >= d.parts:
        return
    begin, depth = int32(chunk * d.size), int32(outputs * s.kh * s.kw)
    row = int32(first_row + apart_place(t.rows)[0])
    at = int32((group * outputs * rows + row) * s.kh * s.kw)
    weights = w, at, int32(rows * s.kh * s.kw), row < rows
    cotangents = _column_operand(dy, first, total, group, s, t)
    sums = cuda.local.array(SUMS, float32)
    _accumulate(sums, weights, cotangents, begin, min(int32(begin + d.size), depth), s, t)
    sizes = s.c, rows, s.h * s.w, s.biased, s.activation
    store_maps(dx, sums, b, (int32(chunk * d.sums), first_row, group, total), first, sizes, t)

"""Dense layers as tiled matrix products."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from numba import cuda, float32, int32

from netspec.kernels.cuda.language.jit import routine
from netspec.kernels.cuda.layers.update import descend
from netspec.kernels.cuda.matrix.maps import block_place
from netspec.kernels.cuda.matrix.operands import deep_place, fetch_deep, fetch_flat, flat_place, put_deep, put_flat
from netspec.kernels.cuda.matrix.rows import store_rows
from netspec.kernels.cuda.matrix.tile import SUMS, SUMS_PITCH, accumulation, row_of, run_of


@routine
def _fetch_features(operand, k, end, s, t):
    return fetch_deep(operand, k, end, s.features % 4 == 0)


@routine
def _fetch_outputs(operand, k, end, s, t):
    return fetch_deep(operand, k, end, s.outputs % 4 == 0)


@routine
def _fetch_output_rows(operand, k, end, s, t):
    return fetch_flat(operand, k, end, t.rows, s.outputs)


@routine
def _fetch_feature_columns(operand, k, end, s, t):
    return fetch_flat(operand, k, end, t.columns, s.features)


@routine
def _put_deep_rows(shared, half, four, s, t):
    put_deep(shared, half, four, t.rows)


@routine
def _put_deep_columns(shared, half, four, s, t):
    put_deep(shared, half, four, t.columns)


@routine
def _put_flat_rows(shared, half, four, s, t):
    put_flat(shared, half, four, t.rows)


@routine
def _put_flat_columns(shared, half, four, s, t):
    put_flat(shared, half, four, t.columns)


_forward = accumulation(_fetch_features, _put_deep_rows, _fetch_features, _put_deep_columns)
_backward = accumulation(_fetch_outputs, _put_deep_rows, _fetch_feature_columns, _put_flat_columns)
_weights = accumulation(_fetch_output_rows, _put_flat_rows, _fetch_feature_columns, _put_flat_columns)


@routine
def _deep_operand(array, first, rows, count, pitch):
    """This thread's row of a matrix (rows, pitch), for `fetch_deep`."""
    row, _ = deep_place()
    return array, int32((first + row) * pitch), row < count and first + row < rows


def tiled_dense(y, x, w, b, images, s, d, t):
    """y[n,k] = b[k] + sum over f of w[k,f] * x[n,f], through relu or nothing; of several chunks of f y[chunk,n,k]."""
    first_row, _, first, chunk = block_place(images, 1, s.outputs, t)
    if chunk >= d.parts:
        return
    begin = int32(chunk * d.size)
    rows = _deep_operand(x, first_row, images, t.rows, s.features)
    columns = _deep_operand(w, first, s.outputs, t.columns, s.features)
    sums = cuda.local.array(SUMS, float32)
    _forward(sums, rows, columns, begin, min(int32(begin + d.size), int32(s.features)), s, t)
    store_rows(y, sums, b, (int32(chunk * d.sums), first_row), first, (images, s.outputs, s.biased, s.activation), t)


def tiled_dense_input_gradient(dx, dy, w, images, s, d, t):
    """dx[n,f] = sum over k of w[k,f] * dy[n,k]; of several chunks of k dx[chunk,n,f]."""
    first_row, _, first, chunk = block_place(images, 1, s.features, t)
    if chunk >= d.parts:
        return
    begin = int32(chunk * d.size)
    rows = _deep_operand(dy, first_row, images, t.rows, s.outputs)
    columns = w, int32(first + flat_place(t.columns)[0])
    sums = cuda.local.array(SUMS, float32)
    _backward(sums, rows, columns, begin, min(int32(begin + d.size), int32(s.outputs)), s, t)
    store_rows(dx, sums, w, (int32(chunk * d.sums), first_row), first, (images, s.features, False, 0), t)


def tiled_dense_weight_gradient(dw, x, dy, images, s, t):
    """dw[k,f] = sum over n of dy[n,k] * x[n,f]"""
    first_row, _, first, _ = block_place(s.outputs, 1, s.features, t)
    rows, columns = (dy, int32(first_row + flat_place(t.rows)[0])), (x, int32(first + flat_place(t.columns)[0]))
    sums = cuda.local.array(SUMS, float32)
    _weights(sums, rows, columns, int32(0), images, s, t)
    store_rows(dw, sums, dw, (int32(0), first_row), first, (s.outputs, s.features, False, 0), t)


@routine
def _descend_column(w, v, sums, place, column, number, rate, factors, s, u, t):
    """Moves the weights of this thread's rows in one column by sums (i, number)."""
    for i in range(t.height):
        row = int32(place + row_of(i, t))
        if row < s.outputs and column < s.features:
            descend(w, v, int32(row * s.features + column), sums[i * SUMS_PITCH + number], rate, factors, u)


def tiled_dense_weight_update(w, v, x, dy, rate, images, s, t, u, rate_factor, decay, momentum):
    """Moves w[k,f] by its gradient, which is not stored."""
    first_row, _, first, _ = block_place(s.outputs, 1, s.features, t)
    rows, columns = (dy, int32(first_row + flat_place(t.rows)[0])), (x, int32(first + flat_place(t.columns)[0]))
    sums = cuda.local.array(SUMS, float32)
    _weights(sums, rows, columns, int32(0), images, s, t)
    factors, pace = (rate_factor, decay, momentum), rate[0]
    column = int32(first + run_of(0, t))
    for j in range(4):
        _descend_column(w, v, sums, first_row, int32(column + j), j, pace, factors, s, u, t)
    if t.width > 4:
        column = int32(first + run_of(1, t))
        for j in range(4):
            _descend_column(w, v, sums, first_row, int32(column + j), 4 + j, pace, factors, s, u, t)

"""Tiles of a matrix product whose columns are (image, position): which tile a block has, and how sums become maps."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import cuda, float32, int32

from netspec.kernels.cuda.language.jit import routine
from netspec.kernels.cuda.language.threads import quotient
from netspec.kernels.cuda.language.vectors import load4, store4
from netspec.kernels.cuda.matrix.operands import fetching_apart, flat_place, put_apart, put_flat, zeros4
from netspec.kernels.cuda.matrix.tile import DEPTH, SUMS_PITCH, row_of, run_of
from netspec.targets.cuda.sizes import ACTIVATIONS

RELU = ACTIVATIONS.index("relu")


@routine
def block_place(rows, groups, columns, t):
    """(first row of the tile, group, first column of the tile, chunk of the depth) of this block; tiles of the same
    columns are neighbours. Where there are fewer images than planned for, blocks are left over for chunks beyond the
    last."""
    block, high = int32(cuda.blockIdx.x), quotient(int32(rows + t.rows - 1), int32(t.rows))
    wide = quotient(int32(columns + t.columns - 1), int32(t.columns))
    rest = quotient(block, high)
    tile = quotient(rest, int32(groups))
    chunk = quotient(tile, wide)
    first_row, group = int32((block - rest * high) * t.rows), int32(rest - tile * groups)
    return first_row, group, int32((tile - chunk * wide) * t.columns), chunk


@routine
def is_pointwise(s):
    """Whether output positions are input positions, and fours of them lie in one image at multiples of 4."""
    one = s.kh * s.kw == 1 and s.stride_y * s.stride_x == 1 and s.before_y + s.before_x == 0
    return one and s.oh == s.h and s.ow == s.w and (s.oh * s.ow) % 4 == 0


def fetching_maps(number: Callable[..., Any]) -> Any:
    """fetch(operand, k, end, s, t) of columns (image, position): from where positions are the same (`is_pointwise`)
    flat, else apart. An operand is the maps, the place of number 0 of k, two numbers of its own, and whether there is
    such a column; `number` as in `fetching_apart`."""
    fetch_apart = fetching_apart(number)

    @routine
    def fetch(operand, k, end, s, t):
        if not is_pointwise(s):
            return fetch_apart(operand, k, end, t.columns, s)
        array, at, _, _, here = operand
        _, depth = flat_place(t.columns)
        k = int32(k + depth)
        return load4(array, int32(at + k * s.h * s.w)) if here and depth < DEPTH and k < end else zeros4()

    return fetch


@routine
def put_maps(shared, half, four, s, t):
    """Stores what a routine of `fetching_maps` fetched."""
    if is_pointwise(s):
        put_flat(shared, half, four, t.columns)
    else:
        put_apart(shared, half, four, t.columns)


@routine
def position_of(column, height, width):
    """(image, position, row, column) of column (n, y, x)."""
    plane = int32(height * width)
    n = quotient(column, plane)
    position = int32(column - n * plane)
    row = quotient(position, int32(width))
    return n, position, row, int32(position - row * width)


@routine
def finished(total, b, k, biased, activation):
    """A sum with the bias of number k, through relu or nothing."""
    if biased:
        total += b[k]
    return float32(0) if activation == RELU and total <= float32(0) else total


@routine
def _store_one(y, sums, b, place, column, number, sizes, t):
    """Sums (i, number) of this thread, of column (n, position), to y (N, channels, plane) for its rows of the group."""
    begin, first, group, total = place
    channels, rows, plane, biased, activation = sizes
    if column >= total:
        return
    n = quotient(column, int32(plane))
    at = int32(begin + (n * channels + group * rows) * plane + (column - n * plane))
    for i in range(t.height):
        k = int32(first + row_of(i, t))
        if k < rows:
            value = finished(sums[i * SUMS_PITCH + number], b, int32(group * rows + k), biased, activation)
            y[int32(at + k * plane)] = value


@routine
def _store_four(y, sums, b, place, column, number, sizes, t):
    """The same for four columns of one image."""
    begin, first, group, total = place
    channels, rows, plane, biased, activation = sizes
    if column >= total:
        return
    n = quotient(column, int32(plane))
    at = int32(begin + (n * channels + group * rows) * plane + (column - n * plane))
    for i in range(t.height):
        k, one = int32(first + row_of(i, t)), i * SUMS_PITCH + number
        if k < rows:
            bias = int32(group * rows + k)
            four = (
                finished(sums[one], b, bias, biased, activation),
                finished(sums[one + 1], b, bias, biased, activation),
                finished(sums[one + 2], b, bias, biased, activation),
                finished(sums[one + 3], b, bias, biased, activation),
            )
            store4(y, int32(at + k * plane), four)


@routine
def _store_run(y, sums, b, place, column, number, sizes, t):
    if sizes[2] % 4 == 0:
        _store_four(y, sums, b, place, column, number, sizes, t)
    else:
        _store_one(y, sums, b, place, column, number, sizes, t)
        _store_one(y, sums, b, place, int32(column + 1), number + 1, sizes, t)
        _store_one(y, sums, b, place, int32(column + 2), number + 2, sizes, t)
        _store_one(y, sums, b, place, int32(column + 3), number + 3, sizes, t)


@routine
def store_maps(y, sums, b, place, first_column, sizes, t):
    """This thread's sums to y (N, channels, plane). place: where y begins, first row of the tile, group, number of all
    columns; sizes: channels, rows of a group, plane, biased, activation. Loops over columns are written out, so that
    LLVM unrolls those over rows and sums stay in registers."""
    _store_run(y, sums, b, place, int32(first_column + run_of(0, t)), 0, sizes, t)
    if t.width > 4:
        _store_run(y, sums, b, place, int32(first_column + run_of(1, t)), 4, sizes, t)

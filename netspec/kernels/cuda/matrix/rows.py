"""Sums of a tile to the rows of a matrix."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from numba import int32

from netspec.kernels.cuda.language.jit import routine
from netspec.kernels.cuda.language.vectors import store4
from netspec.kernels.cuda.matrix.maps import finished
from netspec.kernels.cuda.matrix.tile import SUMS_PITCH, row_of, run_of


@routine
def _store_run(y, sums, b, place, column, number, sizes, t):
    """Sums (i, number) to (i, number + 3) of this thread to the columns from `column` on."""
    at, first = place
    rows, columns, biased, activation = sizes
    for i in range(t.height):
        row, one = int32(first + row_of(i, t)), i * SUMS_PITCH + number
        here = int32(at + row * columns + column)
        valid = int32(columns - column) if row < rows else int32(0)
        if columns % 4 == 0:
            if valid > 0:
                four = (
                    finished(sums[one], b, column, biased, activation),
                    finished(sums[one + 1], b, int32(column + 1), biased, activation),
                    finished(sums[one + 2], b, int32(column + 2), biased, activation),
                    finished(sums[one + 3], b, int32(column + 3), biased, activation),
                )
                store4(y, here, four)
        else:
            if valid > 0:
                y[here] = finished(sums[one], b, column, biased, activation)
            if valid > 1:
                y[here + 1] = finished(sums[one + 1], b, int32(column + 1), biased, activation)
            if valid > 2:
                y[here + 2] = finished(sums[one + 2], b, int32(column + 2), biased, activation)
            if valid > 3:
                y[here + 3] = finished(sums[one + 3], b, int32(column + 3), biased, activation)


@routine
def store_rows(y, sums, b, place, first_column, sizes, t):
    """This thread's sums to the matrix (rows, columns) that begins at y[at], a multiple of 4 where columns are one.
    place: at, first row of the tile; sizes: rows, columns, biased (by column), activation."""
    _store_run(y, sums, b, place, int32(first_column + run_of(0, t)), 0, sizes, t)
    if t.width > 4:
        _store_run(y, sums, b, place, int32(first_column + run_of(1, t)), 4, sizes, t)

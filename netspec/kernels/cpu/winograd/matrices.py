"""The matrices of Winograd's convolution, which multiply both sides of a tile.

Six points serve all 6x6 input tiles: F(4x4, 3x3) gives 4x4 outputs of a 3x3 filter, F(2x2, 5x5) gives 2x2 outputs of a
5x5 filter, each from a 6x6 tile of the input by 36 products instead of 144 or 100. With the tables below

    outputs = OUTPUT [(FILTER filter FILTER^T) * (INPUT tile INPUT^T)] OUTPUT^T

where * multiplies number by number. The gradient of a filter is the transpose of that, summed over all tiles,

    gradient = FILTER^T [sum of (OUTPUT^T cotangents OUTPUT) * (INPUT tile INPUT^T)] FILTER

A row of INPUT is a Lagrange polynomial of the points, scaled to whole numbers or halves; FILTER has the inverse scale.
(Lavin and Gray, arXiv:1509.09308. The points 0, 1, -1, 2, -1/2 and infinity have errors up to three times smaller than
the usual 0, 1, -1, 2, -2: see docs/numerics.md.) A rule multiplies by a matrix, and shares terms that rows have in
common.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

POINTS = (0, 1, -1, 2, Fraction(-1, 2))
"""One fewer than a tile has rows; the last is infinity."""

INPUT = (
    (1, 1.5, -2, -1.5, 1, 0),
    (0, 1, 2.5, 0.5, -1, 0),
    (0, 1, 0.5, -2.5, 1, 0),
    (0, 1, 2, -1, -2, 0),
    (0, -2, 1, 2, -1, 0),
    (0, 1, 1.5, -2, -1.5, 1),
)
SCALES = (1, Fraction(1, 3), Fraction(1, 3), Fraction(-1, 30), Fraction(16, 15), 1)
"""The factor of each row of FILTER."""

Matrix = tuple[tuple[float, ...], ...]


def _powers(count: int) -> list[list[Fraction]]:
    """A row a point: its powers 0 … count - 1; of infinity only the highest is not zero."""
    finite = [[Fraction(point) ** k for k in range(count)] for point in POINTS]
    return [*finite, [Fraction(k == count - 1) for k in range(count)]]


def filter_matrix(taps: int) -> Matrix:
    """FILTER for taps x taps filters: 6 x taps."""
    return tuple(tuple(float(scale * x) for x in row) for scale, row in zip(SCALES, _powers(taps), strict=True))


def output_matrix(side: int) -> Matrix:
    """OUTPUT for side x side outputs: side x 6."""
    return tuple(tuple(float(x) for x in column) for column in zip(*_powers(side), strict=True))


Rule = Callable[[Sequence[Any]], list[Any]]
"""Multiplies a column of vectors by a matrix. Vectors have the operations `+`, `-`, `times(factor)` and
`plus(factor, other)`, which is vector + factor * other."""


def transposed(matrix: Matrix) -> Matrix:
    return tuple(zip(*matrix, strict=True))


def by_table(matrix: Matrix) -> Rule:
    """Term by term, without zero terms and without products by one."""
    return lambda x: [_combined(row, x) for row in matrix]


def _combined(row: Sequence[float], x: Sequence[Any]) -> Any:
    (first, total), *terms = ((factor, vector) for factor, vector in zip(row, x, strict=True) if factor != 0)
    total = total if first == 1 else total.times(first)
    for factor, vector in terms:
        if factor == 1:
            total = total + vector
        elif factor == -1:
            total = total - vector
        else:
            total = total.plus(factor, vector)
    return total


def input_rule(x: Sequence[Any]) -> list[Any]:
    """INPUT by 14 operations instead of 21. All its rows share two differences."""
    a, b = x[1] - x[3], x[2] - x[4]
    p, q = a.plus(1.5, x[2]), b.plus(1.5, x[3])
    first, last = (x[0] - x[2] - b).plus(1.5, a), (x[5] - x[3] + a).plus(1.5, b)
    return [first, p + q, p - q, a.plus(2, b), b.plus(-2, a), last]


def output_4_rule(y: Sequence[Any]) -> list[Any]:
    """OUTPUT of four outputs by 12 operations instead of 14."""
    even, odd = y[1] + y[2], y[1] - y[2]
    first, second = y[0] + even + y[3] + y[4], odd.plus(2, y[3]).plus(-0.5, y[4])
    return [first, second, even.plus(4, y[3]).plus(0.25, y[4]), odd.plus(8, y[3]).plus(-0.125, y[4]) + y[5]]


def cotangents_4_rule(d: Sequence[Any]) -> list[Any]:
    """The transpose of that OUTPUT by 10 operations instead of 12."""
    even, odd = d[0] + d[2], d[1] + d[3]
    two = d[0].plus(4, d[2]).plus(2, d[1].plus(4, d[3]))
    half = d[0].plus(0.25, d[2]).plus(-0.5, d[1].plus(0.25, d[3]))
    return [d[0], even + odd, even - odd, two, half, d[3]]

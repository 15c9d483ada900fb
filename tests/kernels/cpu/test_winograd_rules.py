"""The matrices of Winograd's convolution, and rules that come to the same with fewer operations: in exact numbers."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest

from netspec.kernels.cpu.winograd.matrices import (
    INPUT,
    POINTS,
    Matrix,
    Rule,
    by_table,
    cotangents_4_rule,
    filter_matrix,
    input_rule,
    output_4_rule,
    output_matrix,
    transposed,
)
from netspec.targets.cpu.winograd_tiles import INPUT_TILE


@dataclass(frozen=True)
class Exact:
    """A number as rules see vectors; `operations` counts what has been done with it and its like."""

    value: Fraction
    operations: list[str]

    def _done(self, what: str, value: Fraction) -> Exact:
        self.operations.append(what)
        return Exact(value, self.operations)

    def __add__(self, other: Exact) -> Exact:
        return self._done("+", self.value + other.value)

    def __sub__(self, other: Exact) -> Exact:
        return self._done("-", self.value - other.value)

    def times(self, factor: float) -> Exact:
        return self._done("*", self.value * Fraction(factor))

    def plus(self, factor: float, other: Exact) -> Exact:
        return self._done("fma", self.value + Fraction(factor) * other.value)


def column(rule: Rule, size: int, place: int) -> tuple[list[Fraction], int]:
    """A column of the matrix that a rule multiplies by, and how many operations it takes."""
    operations: list[str] = []
    unit = [Exact(Fraction(k == place), operations) for k in range(size)]
    return [number.value for number in rule(unit)], len(operations)


def test_a_patch_has_a_row_a_point_and_one_for_infinity() -> None:
    assert len(POINTS) + 1 == len(INPUT) == INPUT_TILE


@pytest.mark.parametrize(
    ("rule", "matrix", "operations"),
    [
        (input_rule, INPUT, 14),
        (output_4_rule, output_matrix(4), 12),
        (cotangents_4_rule, transposed(output_matrix(4)), 10),
    ],
)
def test_a_rule_multiplies_by_its_table_with_fewer_operations(rule: Rule, matrix: Matrix, operations: int) -> None:
    size = len(matrix[0])
    for place in range(size):
        found, count = column(rule, size, place)
        wanted, plain = column(by_table(matrix), size, place)
        assert found == wanted == [Fraction(row[place]) for row in matrix]
        assert count == operations < plain


@pytest.mark.parametrize(("taps", "side"), [(3, 4), (5, 2)])
def test_the_tables_are_those_of_a_convolution(taps: int, side: int) -> None:
    """By polynomials: an output is a sum over taps, which the three matrices give back from unit vectors."""
    inputs, kernels, outputs = np.array(INPUT), np.array(filter_matrix(taps)), np.array(output_matrix(side))
    sums = np.einsum("oe,et,ei->oti", outputs, kernels, inputs)
    wanted = np.array([[[float(i == o + t) for i in range(INPUT_TILE)] for t in range(taps)] for o in range(side)])
    np.testing.assert_allclose(sums, wanted, atol=1e-14)


def test_rows_of_the_input_table_vanish_at_the_other_points() -> None:
    for number, row in enumerate(INPUT[:-1]):
        values = [sum(Fraction(x) * Fraction(point) ** k for k, x in enumerate(row)) for point in POINTS]
        assert [value == 0 for value in values] == [other != number for other in range(len(POINTS))]

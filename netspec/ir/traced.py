"""Whole numbers that remember how they came about, so that a count carries a closed form in the net's own parameters.

`Traced(32, "D")` is the int 32. Arithmetic with ints gives Traced again: `3 * Traced(32, "D")` is 96 with the form
`("*", 3, "D")`. Every formula of the checker and of the counters is written for ints and works on both.

A form is a plain tree:

    int               a constant
    str               a parameter, by name
    (operator, a, b)  operator is `+ - * / %`

`//` is recorded as an exact division `/`: the closed form assumes that every division is exact. Where one was not, the
number remembers it in `inexact` (and so does everything computed from it), and the form then holds only roughly.
Comparisons, hashing and `range` are those of int. Arithmetic with floats gives floats and forgets the form.
"""

from __future__ import annotations

from dataclasses import dataclass

Form = int | str | tuple[str, "Form", "Form"]


@dataclass(frozen=True, slots=True)
class Division:
    """A division that left a remainder: `28 // 8` is Division(28, 8)."""

    dividend: int
    divisor: int


class Traced(int):
    """An int with its closed form. Every operation allocates, so it serves `count --symbolic` alone."""

    form: Form
    inexact: frozenset[Division]

    def __new__(cls, value: int, form: Form, inexact: frozenset[Division] = frozenset()) -> Traced:
        number = super().__new__(cls, value)
        number.form, number.inexact = form, inexact
        return number

    def __add__(self, other: object) -> Traced:
        return _joined("+", self, other, int(self) + int(other)) if isinstance(other, int) else NotImplemented

    def __radd__(self, other: object) -> Traced:
        return _joined("+", other, self, int(other) + int(self)) if isinstance(other, int) else NotImplemented

    def __sub__(self, other: object) -> Traced:
        return _joined("-", self, other, int(self) - int(other)) if isinstance(other, int) else NotImplemented

    def __rsub__(self, other: object) -> Traced:
        return _joined("-", other, self, int(other) - int(self)) if isinstance(other, int) else NotImplemented

    def __mul__(self, other: object) -> Traced:
        return _joined("*", self, other, int(self) * int(other)) if isinstance(other, int) else NotImplemented

    def __rmul__(self, other: object) -> Traced:
        return _joined("*", other, self, int(other) * int(self)) if isinstance(other, int) else NotImplemented

    def __mod__(self, other: object) -> Traced:
        return _joined("%", self, other, int(self) % int(other)) if isinstance(other, int) else NotImplemented

    def __rmod__(self, other: object) -> Traced:
        return _joined("%", other, self, int(other) % int(self)) if isinstance(other, int) else NotImplemented

    def __floordiv__(self, other: object) -> Traced:
        return _divided(self, other) if isinstance(other, int) else NotImplemented

    def __rfloordiv__(self, other: object) -> Traced:
        return _divided(other, self) if isinstance(other, int) else NotImplemented

    def __neg__(self) -> Traced:
        return Traced(-int(self), ("-", 0, self.form), self.inexact)

    def __pos__(self) -> Traced:
        return self


def form_of(number: int) -> Form:
    """The closed form of a number; a plain int is a constant."""
    return number.form if isinstance(number, Traced) else int(number)


def inexact_of(number: int) -> frozenset[Division]:
    """The divisions with a remainder that this number came through; none for a plain int."""
    return number.inexact if isinstance(number, Traced) else frozenset()


def _joined(operator: str, left: int, right: int, value: int) -> Traced:
    return Traced(value, (operator, form_of(left), form_of(right)), inexact_of(left) | inexact_of(right))


def _divided(dividend: int, divisor: int) -> Traced:
    """Floored, recorded as exact; ZeroDivisionError as for ints."""
    quotient, rest = divmod(int(dividend), int(divisor))
    inexact = inexact_of(dividend) | inexact_of(divisor)
    if rest:
        inexact |= {Division(int(dividend), int(divisor))}
    return Traced(quotient, ("/", form_of(dividend), form_of(divisor)), inexact)

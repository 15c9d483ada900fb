"""Traced numbers compute like ints and their forms say how."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from netspec.ir.traced import Division, Form, Traced, form_of, inexact_of


def value_of(form: Form, names: dict[str, int]) -> float:
    """A form computed with true division."""
    match form:
        case int():
            return form
        case str():
            return names[form]
        case (operator, left, right):
            a, b = value_of(left, names), value_of(right, names)
            return (
                {"+": a + b, "-": a - b, "*": a * b}[operator]
                if operator in "+-*"
                else a / b
                if operator == "/"
                else a % b
            )


@given(
    st.integers(1, 50), st.integers(1, 50), st.lists(st.tuples(st.sampled_from("+-*/%"), st.integers(1, 9)), max_size=6)
)
def test_a_traced_number_equals_the_int_and_its_form_gives_the_value_when_every_division_is_exact(
    d: int, k: int, steps: list[tuple[str, int]]
) -> None:
    plain, traced = d, Traced(d, "D")
    for operator, number in steps:
        match operator:
            case "+":
                plain, traced = plain + number, traced + number
            case "-":
                plain, traced = number - plain, number - traced
            case "*":
                plain, traced = plain * k, traced * Traced(k, "K")
            case "/":
                plain, traced = plain // number, traced // number
            case _:
                plain, traced = plain % number, traced % number
    assert traced == plain
    assert hash(traced) == hash(plain)
    if not traced.inexact:
        assert value_of(traced.form, {"D": d, "K": k}) == plain


def test_a_division_with_a_remainder_is_remembered_by_everything_computed_from_it() -> None:
    rounded = Traced(28, "D") // 8
    assert rounded == 3
    assert inexact_of(rounded * 10 + 1) == {Division(28, 8)}
    assert inexact_of(Traced(32, "D") // 8) == frozenset()


def test_forms_are_plain_trees_and_plain_ints_are_constants() -> None:
    assert form_of(3 * Traced(32, "D")) == ("*", 3, "D")
    assert form_of(100 // Traced(5, "K")) == ("/", 100, "K")
    assert form_of(-Traced(5, "K")) == ("-", 0, "K")
    assert form_of(7) == 7
    assert inexact_of(7) == frozenset()


def test_arithmetic_with_reals_gives_reals() -> None:
    assert Traced(3, "K") * 0.5 == 1.5
    assert not isinstance(Traced(3, "K") * 0.5, Traced)

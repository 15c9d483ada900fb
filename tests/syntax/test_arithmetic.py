"""Arithmetic without parentheses is read with them."""

from __future__ import annotations

import pytest

from tests.syntax.samples import codes, good, only, understood


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("c-1", "(c-1)"),
        ("c - 1", "(c-1)"),
        ("2*c+1", "(2*c+1)"),
        ("k=2*(c+1)", "k=(2*(c+1))"),
        ("(c+1)*2", "((c+1)*2)"),
        ("-k", "(-k)"),
        ("f(2*n, k=n-1, 3)", "f((2*n), k=(n-1), 3)"),
        ("f(n -1)", "f((n-1))"),
        ("D*D b", "(D*D) b"),
    ],
)
def test_arithmetic_is_one_argument(written: str, meant: str) -> None:
    assert set(codes(f"a {written}")) == {"E104"}
    assert understood(f"a {written}\nb") == understood(f"a {meant}\nb")
    assert good(f"a {meant}")


@pytest.mark.parametrize("text", ["a -1", "a b -1 -0.5", "a k=-1", "a f(-1, -2)", "a {} -1", "a {} (2*c)", "a -1..1"])
def test_a_minus_that_touches_only_a_number_is_its_sign(text: str) -> None:
    assert good(text)


@pytest.mark.parametrize("text", ["a -", "a - b c", "a f(-)", "a -- b", "a 3 *", "a * 3", "*", "- 3", "a k=-", "a (-)"])
def test_an_operator_without_a_value_is_one_mistake(text: str) -> None:
    assert len(codes(f"{text}\nb")) == 1
    assert understood(f"{text}\nb").endswith("b\n")


def test_the_name_of_a_statement_is_no_operand() -> None:
    assert only("conv*3\n").code == "E101"

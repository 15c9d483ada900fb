"""Remarks of other languages are reported once and not read."""

from __future__ import annotations

import pytest

from tests.syntax.samples import codes, good, only, understood


@pytest.mark.parametrize(
    "text",
    [
        "a 2 // don't (do { this \"\nb",
        "a 2\n// a remark\nb",
        "a 2 % as in TeX (\nb",
        "a 2 /* over\ntwo ( lines */\nb",
        "// at the top\na 2\nb",
        "a 2\nb // at the end",
        "a 2\nb //",
    ],
)
def test_a_foreign_remark_is_one_mistake(text: str) -> None:
    mistake = only(text)
    assert (mistake.code, mistake.message) == ("E102", "a comment begins with `#`")
    assert understood(text) == "a 2\nb\n"


@pytest.mark.parametrize("text", ["a (C // 2)", "a (C % 2)", "a (1\n// 2)"])
def test_operators_in_parentheses_are_no_remark(text: str) -> None:
    assert good(text)


@pytest.mark.parametrize("text", ["let K = C // 2", "let K = C//2", "let K = C % 2\nb", "let K = C // (2*D)"])
def test_operators_between_two_values_are_no_remark(text: str) -> None:
    assert codes(text) == ["E104"]

"""Wrong words are read as what was likely meant, or as one unknown argument."""

from __future__ import annotations

import pytest

from tests.syntax.samples import codes, only, understood


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1xDxD", "1 D D"),
        ("3xK", "3 K"),
        ("3X3", "3x3"),
        ("3×3", "3x3"),
        ("1x28X28", "1x28x28"),
        ("3x3relu", "3x3 relu"),
        ("64relu(0.1)", "64 relu(0.1)"),
        ("0.5relu", "0.5 relu"),
        ("2C", "(2*C)"),
        ("1_000", "1000"),
        (".5", "0.5"),
        ("5.", "5.0"),
        ("0.5f", "0.5"),
    ],
)
def test_a_wrong_word_with_a_likely_meaning_is_read_so(written: str, meant: str) -> None:
    mistake = only(f"a {written} b\nc")
    assert (mistake.code, mistake.primary.span.text.rstrip("(")) == ("E103", written.partition("(")[0])
    assert mistake.repair is not None
    assert understood(f"a {written} b\nc") == understood(f"a {meant} b\nc")


@pytest.mark.parametrize("written", ["3x3x", "1.5.2", "1e5x", "2e", "é", "a.b", "größe", "3é", "0.5.", "3x"])
def test_a_wrong_word_without_one_is_one_unknown_argument(written: str) -> None:
    mistake = only(f"a {written} b\nc")
    assert (mistake.code, mistake.primary.span.text, mistake.repair) == ("E103", written, None)
    assert understood(f"a {written} b\nc") == f"a {written} b\nc\n"


def test_a_wrong_word_in_front_of_a_list_leaves_the_list_whole() -> None:
    assert codes("a 3éf(1, 2) b\nc") == ["E103"]


def test_each_wrong_word_of_a_statement_is_reported() -> None:
    assert codes("a 3X3 5X5 1xD") == ["E103"] * 3

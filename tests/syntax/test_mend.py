"""Repairs that leave no doubt are made before reading goes on."""

from __future__ import annotations

import pytest

from tests.syntax.samples import codes, good, mended, only, understood


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("a 64, 3x3, b", "a 64 3x3 b"),
        ("a 64,3x3,b", "a 64 3x3 b"),
        ("a b,", "a b"),
        ("a ,b", "a b"),
        ("a at=(30, 60, 80)", "a at=(30 60 80)"),
        ("a at=(30,60)", "a at=(30 60)"),
        ("net n { batch = 64 }", "net n { batch 64 }"),
        ("K = 5", "let K = 5"),
        ("K = 2x2; L=3", "let K = 2x2; let L=3"),
        ("net n { a } train { b }", "net n { a }; train { b }"),
        ("net n {\n sum { a } { b } c d { e }\n}", "net n {\n sum { a } { b }; c d { e }\n}"),
    ],
)
def test_what_was_meant_is_read(written: str, meant: str) -> None:
    assert codes(written)
    assert understood(written) == understood(meant)
    assert good(mended(written)) == good(meant)


def test_commas_of_one_list_are_one_mistake() -> None:
    assert codes("a 1, 2, (3, 4), 5\nb 1, 2") == ["E110", "E110", "E110"]


def test_commas_in_the_list_of_a_name_are_right() -> None:
    assert good("a f(1, 2) g(1,2)")
    assert only("a f(1,(2, 3))").code == "E110"


def test_flags_behind_a_body_stay_with_it() -> None:
    assert good("sum { a } {} relu as joined") != good("sum { a } {}; relu as joined")

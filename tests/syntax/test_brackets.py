"""Every bracket gets a partner, where it was meant to be."""

from __future__ import annotations

import pytest

from tests.syntax.samples import codes, only, read, understood


def test_an_open_parenthesis_does_not_swallow_the_next_lines() -> None:
    for text in ("a (2*c\nb {\n  d\n}\ne", "a f(1\nb { d }\ne", "a (\nb\ne; f"):
        assert codes(text)[0] in ("E101", "E105")
        assert len(codes(text)) == 1
    assert understood("net n {\n a (2*c\n}\nb") == "net n {\n    a (2*c)\n}\nb\n"


def test_each_statement_with_an_open_parenthesis_is_reported() -> None:
    assert codes("a (1; b (2; c f(3; d") == ["E105"] * 3
    assert codes("a ((((1; b") == ["E105"]


def test_a_parenthesis_too_many_is_left_out() -> None:
    assert codes("a 1) b\nc )))") == ["E106"] * 4
    assert understood("a 1) b\nc") == "a 1 b\nc\n"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("net n {\n    r 2 {\n        a\n    b\n}\ntrain { c }\n", "net n {\n    r 2 {\n        a\n    }\n    b\n}\n"),
        ("net n {\n    a\ntrain { c }\n", "net n {\n    a\n}\n"),
        ("net n {\n    r {\n        a\ntrain { c }\n", "net n {\n    r {\n        a\n    }\n}\n"),
        ("net n {\n\ta\n\tr {\n\t\tb\n\td\n}\ntrain { c }\n", "net n {\n    a\n    r {\n        b\n    }\n    d\n}\n"),
    ],
)
def test_a_missing_brace_is_where_the_indentation_ends(text: str, meant: str) -> None:
    assert set(codes(text)) == {"E107"}
    assert understood(text) == f"{meant}train {{\n    c\n}}\n"


def test_a_missing_brace_at_the_end_is_reported_with_all_open_ones() -> None:
    mistake = only("a { b {\n c { d\n\n")
    assert mistake.code == "E107"
    assert [label.span.text for label in mistake.secondary] == ["{"] * 3
    assert mistake.primary.span.start == len("a { b {\n c { d")


def test_a_brace_that_comes_too_early_is_found_by_indentation() -> None:
    text = "net n {\n    a }\n    b\n    c\n}\ntrain { d }\n"
    mistake = only(text)
    assert (mistake.code, mistake.primary.span.start) == ("E108", text.index("}"))
    assert understood(text) == "net n {\n    a\n    b\n    c\n}\ntrain {\n    d\n}\n"


def test_several_braces_that_come_too_early_are_found() -> None:
    assert codes("n {\n  a }\n  b }\n  c\n}\nd {\n  e }\n  f\n}\n") == ["E108"] * 3


def test_a_brace_that_closes_nothing_is_left_out() -> None:
    assert codes("}\na { b }}\n}\nc") == ["E108"] * 3
    assert [found.name.text for found in read("}\na { b }}\n}\nc")[0].statements] == ["a", "c"]


def test_a_text_with_right_braces_may_be_indented_as_it_likes() -> None:
    assert codes("net n {\na {\nb\n}\n}\n  train {\nc }") == []


def test_what_is_nested_too_deep_is_left_out_and_the_rest_is_read() -> None:
    text = "a {" * 101 + "3 = = 3" + "}" * 101 + "\nb 3x3x"
    assert codes(text) == ["E113", "E103"]
    assert codes("a " + "(" * 101 + "2 2*c" + ")" * 101 + " relu\nb") == ["E113"]

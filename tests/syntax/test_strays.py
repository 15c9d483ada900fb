"""Characters of other languages and of word processors."""

from __future__ import annotations

import pytest

from tests.syntax.samples import codes, only, understood


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("a at=[30 60]", "a at=(30 60)"),
        ("a stride: 2", "a stride=2"),
        ("loss: hinge", "loss hinge"),
        ("a 'x y'", 'a "x y"'),
        ("a “x y”", 'a "x y"'),
        ("a ‘x’", 'a "x"'),
        ("a `x'", 'a "x"'),
        ("a –2", "a -2"),
        ("a （2·c）", "a (2*c)"),
        ("a\xa0b", "a b"),
        ("a\u200b b", "a b"),
        ("a；b", "a; b"),
        ("a ｛b｝", "a {b}"),
    ],
)
def test_a_character_with_a_likeness_is_read_as_it(written: str, meant: str) -> None:
    text = f"net n {{\n{written}\nend }}"
    assert set(codes(text)) == {"E102"}
    assert understood(text) == understood(f"net n {{\n{meant}\nend }}")


@pytest.mark.parametrize("written", ["^", "???", "@@@", "…", "...", "\\", "~", "&&", "🙂", "\x07"])
def test_other_characters_are_one_unknown_place(written: str) -> None:
    mistake = only(f"a 2 {written} b\nc 3")
    assert (mistake.code, mistake.primary.span.text) == ("E102", written)
    assert understood(f"a 2 {written} b\nc 3").endswith("c 3\n")


def test_a_stray_sign_before_a_statement_does_not_hide_it() -> None:
    assert understood("@conv 3 3x3\n") == "conv 3 3x3\n"


def test_an_open_string_ends_with_its_line() -> None:
    text = 'data "images.gz   \ntrain { epochs 3 }'
    mistake = only(text)
    assert (mistake.code, mistake.primary.span.start) == ("E109", text.index("   "))
    assert understood(text).startswith('data "images.gz"\ntrain {')


def test_a_colon_at_the_end_of_a_line_begins_no_body() -> None:
    assert [only("net a:\n").code, only("net a: # Python\n").code] == ["E102", "E102"]

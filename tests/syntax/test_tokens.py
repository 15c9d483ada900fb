"""The scanner gives the tokens of Lark's basic lexer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lark import Lark

from netspec.resources import grammar_text
from netspec.syntax.tokens import Token, scan
from tests.syntax.samples import samples

LARK = Lark(grammar_text(), parser="lalr", lexer="basic", start="file")


def scanned_by_lark(text: str) -> list[Token]:
    reading = LARK.parse_interactive(text)
    found = reading.lexer_thread.lex(reading.parser_state)
    return [Token(str(token.type), token.start_pos or 0, token.end_pos or 0, str(token)) for token in found]


@pytest.mark.parametrize("text", samples())
def test_specs_have_the_tokens_that_lark_finds(text: str) -> None:
    assert scan(text) == scanned_by_lark(text)


@given(st.text(alphabet="ab1 0.x\"#;{}()=,+-*/%\t\r\n\xa0é'e_", max_size=60) | st.text(max_size=60))
def test_any_text_has_the_tokens_that_lark_finds(text: str) -> None:
    assert scan(text) == scanned_by_lark(text) or text.startswith("\ufeff")


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("0.9..1.1 -1..2 1..-2", ["RANGE"] * 3),
        ("3x3 1x28x28", ["SIZE"] * 2),
        ("0.5 5e-4 1e3", ["REAL"] * 3),
        ("12 -12", ["INT", "MINUS", "INT"]),
        ("f( f (", ["CALL", "NAME", "LPAR"]),
        ("/ // %", ["SLASH", "FLOOR", "PERCENT"]),
        ('"a # b" "', ["TEXT", "BROKEN"]),
        ("# a { b", []),
        ("\ufeffa \ufeff", ["NAME", "BROKEN"]),
    ],
)
def test_the_first_terminal_by_priority_is_taken(text: str, kinds: list[str]) -> None:
    assert [token.kind for token in scan(text)] == kinds


def test_tokens_that_meet_touch_each_other() -> None:
    first, second, third = scan("3x3relu pool")
    assert first.touches(second)
    assert not second.touches(third)

"""Tokens, and the scanner that cuts a text into them.

The terminals are those of the grammar, tried in the order of Lark's basic lexer. The loop is ours because it takes a
fifth of the time; `tests/syntax/test_tokens.py` holds the two to the same tokens.
"""

from __future__ import annotations

from typing import NamedTuple

from netspec.syntax.grammar import LAST, grammar

NUMBERS = frozenset({"INT", "REAL", "SIZE", "RANGE"})
OPENERS = frozenset({"LPAR", "CALL"})
OPERATORS = frozenset({"PLUS", "MINUS", "STAR", "SLASH", "FLOOR", "PERCENT"})
STATEMENT_ENDS = frozenset({"_END", "LBRACE", "RBRACE"})
BYTE_ORDER_MARK = "\ufeff"


class Token(NamedTuple):
    """A terminal of the grammar and the characters `start` up to `end` it was read from.

    `text` is what it says; it differs from the source only where a mistake was mended.
    """

    kind: str
    start: int
    end: int
    text: str

    def touches(self, other: Token) -> bool:
        """Whether the other token follows with nothing between."""
        return self.end == other.start


def is_newline(token: Token) -> bool:
    """Whether a token ends a line: a separator that is no `;`."""
    return token.kind == "_END" and token.text != ";"


def kinds_of(tokens: list[Token]) -> set[str]:
    """The kinds that occur: most texts need few of the repairs, and this tells which."""
    return {token.kind for token in tokens}


def scan(text: str, start: int = 0) -> list[Token]:
    """All tokens from `start` on but blanks and comments. Every text has tokens: what fits nowhere is `BROKEN`."""
    if text.startswith(BYTE_ORDER_MARK, start):
        start += 1
    found = grammar().terminals.finditer(text, start)
    return [Token(kind := str(m.lastgroup), *m.span(kind), m[kind]) for m in found if m.lastgroup != LAST]

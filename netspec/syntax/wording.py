"""Tokens in the words of a student: what was found, and what may stand in its place."""

from __future__ import annotations

import unicodedata

from netspec.syntax.tokens import Token

SHOWN_LETTERS = 24
"""of a piece of the text that a message repeats"""

FOUND = {
    "_END": "the end of the statement",
    "$END": "the end of the text",
    "INT": "the number {}",
    "REAL": "the number {}",
    "SIZE": "the size {}",
    "RANGE": "the range {}",
    "TEXT": "the string {}",
}
"""kind of token -> what it is called; others are shown as they stand"""

ALLOWED = (
    (frozenset({"NAME", "REAL", "SIZE", "TEXT", "CALL"}), "an argument"),
    (frozenset({"NAME", "REAL", "SIZE"}), "a number, size or name"),
    (frozenset({"NAME", "REAL"}), "a number or a name"),
    (frozenset({"REAL"}), "a number"),
    (frozenset({"NAME"}), "a name"),
    (frozenset({"PLUS"}), "an operator"),
    (frozenset({"_COMMA"}), "`,`"),
    (frozenset({"_EQUAL"}), "`=`"),
    (frozenset({"RPAR"}), "`)`"),
    (frozenset({"LBRACE"}), "`{`"),
    (frozenset({"_END"}), "a new line"),
)
"""what the kinds that may come next are called; the first name that fits takes its kinds"""

STRAY_HELPS = {
    "^": "there is no power: write a product, `(D*D)`",
    ":": "a body stands in braces: `{` … `}`",
    "\\": "a statement ends with its line; only inside `( )` it may go on on the next",
    "<": "numbers are not compared in a spec",
    ">": "layers follow each other line by line; there are no arrows",
    "|": "layers follow each other line by line",
    "&": "layers follow each other line by line",
    "$": "a name stands by itself, `K`, or in arithmetic, `(2*K)`",
    "@": "a name begins with a letter",
    "!": "a flag stands by its name, such as `relu` or `nobias`",
    "?": "whatever is left out has its default; `netspec layers` lists them",
    ".": "a range is written `0.9..1.1`, a real number `0.5`",
    "…": "every layer is written out; `repeat 3 { }` repeats what stands in its braces",
    "×": "a size is one word: `3x3`",
}
"""first letter of what is not part of the language -> what to write instead"""


def found(token: Token) -> str:
    """What stands there."""
    return FOUND.get(token.kind, "{}").format(quoted(token.text))


def expected(allowed: frozenset[str]) -> str:
    """The kinds of token that may come next, as `an argument, `{` or a new line`."""
    words: list[str] = []
    named: set[str] = set()
    for kinds, word in ALLOWED:
        if kinds <= allowed and not kinds & named:
            words.append(word)
            named |= kinds
    if not words:
        return "nothing more"
    return " or ".join(words) if len(words) < 3 else f"{', '.join(words[:-1])} or {words[-1]}"


def quoted(text: str) -> str:
    """A piece of the text between backticks, cut where it is long."""
    shown = text if len(text) <= SHOWN_LETTERS else f"{text[:SHOWN_LETTERS]}…"
    return f"`{shown}`"


def described(letter: str) -> str:
    """A character that does not show, by its number and name."""
    return f"U+{ord(letter):04X} ({unicodedata.name(letter, 'a control character').lower()})"


def stray_helps(text: str) -> tuple[str, ...]:
    """What to write instead of characters the language does not have, where that is known."""
    first = "…" if text.startswith("...") else text[0]
    return (STRAY_HELPS[first],) if first in STRAY_HELPS else ()

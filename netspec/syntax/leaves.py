"""Leaves of the tree from tokens: the values that the automaton puts on its stack."""

from __future__ import annotations

from math import isinf

from netspec.diagnostics.text import Source, Span
from netspec.syntax.mistakes import Mistakes
from netspec.syntax.tokens import NUMBERS, Token
from netspec.syntax.tree import Broken, Name, Number, Range, Size, Text

INTEGER_LIMIT = 2**63
INTEGER_DIGITS = len(str(INTEGER_LIMIT))

Leaf = Name | Number | Size | Text | Range | Broken | Span


def leaf(token: Token, source: Source, mistakes: Mistakes) -> Leaf:
    """The value of a token; a number past the limits is reported and becomes `Broken`. Punctuation is its place."""
    kind, start, end, text = token
    span = Span(source, start, end)
    if kind == "NAME":
        return Name(text, span)
    if kind == "INT" and len(text) < INTEGER_DIGITS:
        return Number(int(text), span)
    if kind in NUMBERS:
        return _numbers(kind, text, span, mistakes)
    return _other(kind, text, span)


def _other(kind: str, text: str, span: Span) -> Leaf:
    match kind:
        case "PLUS" | "MINUS" | "STAR" | "SLASH" | "FLOOR" | "PERCENT":
            return Name(text, span)
        case "CALL":
            return Name(text[:-1], Span(span.source, span.start, span.end - 1))
        case "TEXT":
            return Text(text[1:-1], span)
        case "BROKEN":
            return Broken(span)
        case _:
            return span


def _numbers(kind: str, text: str, span: Span, mistakes: Mistakes) -> Leaf:
    """A number, size or range. Digits are counted before they are read, so a long row of them costs nothing."""
    joint = {"SIZE": "x", "RANGE": ".."}.get(kind)
    whole = kind in ("INT", "SIZE")
    parts = text.split(joint) if joint else [text]
    values = [_integer(part) if whole else _real(part) for part in parts]
    if None in values:
        mistakes.too_large(span, whole=whole)
        return Broken(span)
    return _node(kind, [value for value in values if value is not None], span)


def _node(kind: str, values: list[int] | list[float] | list[int | float], span: Span) -> Number | Size | Range:
    match kind:
        case "SIZE":
            return Size(tuple(int(value) for value in values), span)
        case "RANGE":
            return Range(values[0], values[1], span)
        case _:
            return Number(values[0], span)


def _integer(text: str) -> int | None:
    digits = text.lstrip("0") or "0"
    value = int(digits) if len(digits) <= INTEGER_DIGITS else INTEGER_LIMIT
    return value if value < INTEGER_LIMIT else None


def _real(text: str) -> float | None:
    value = float(text)
    return None if isinf(value) else value

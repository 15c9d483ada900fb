"""Remarks as other languages write them: `// …`, `/* … */`, `% …`. Reported once each, and not read."""

from __future__ import annotations

from netspec.syntax.mistakes import Mistakes
from netspec.syntax.tokens import NUMBERS, OPENERS, OPERATORS, STATEMENT_ENDS, Token, is_newline, kinds_of

MARKS = frozenset({"FLOOR", "PERCENT", "SLASH"})
BEFORE_OPERATOR = NUMBERS | {"NAME", "RPAR"}


def without_remarks(tokens: list[Token], mistakes: Mistakes) -> list[Token]:
    """The same tokens but foreign comments, which would only give errors at each of their words."""
    if MARKS.isdisjoint(kinds_of(tokens)):
        return tokens
    out: list[Token] = []
    index = depth = 0
    while index < len(tokens):
        token = tokens[index]
        if depth == 0 and token.kind in MARKS and _is_remark(tokens, index):
            mistakes.remark(token)
            index = _end(tokens, index)
            continue
        if token.kind in STATEMENT_ENDS and not is_newline(token):
            depth = 0
        depth = max(0, depth + (token.kind in OPENERS) - (token.kind == "RPAR"))
        out.append(token)
        index += 1
    return out


def _is_remark(tokens: list[Token], index: int) -> bool:
    """Whether a sign begins a remark: `/*`; or a blank is before it and it joins no two values, as in `C // 2`."""
    mark, after = tokens[index], tokens[index + 1 : index + 3]
    if mark.kind == "SLASH":
        return bool(after) and after[0].kind == "STAR" and mark.touches(after[0])
    if index == 0 or tokens[index - 1].kind in STATEMENT_ENDS:
        return True
    if tokens[index - 1].touches(mark):
        return False
    is_last = len(after) < 2 or after[1].kind in STATEMENT_ENDS | OPERATORS | {"RPAR"}
    joins = bool(after) and after[0].kind in {"INT", "NAME", "LPAR"} and (is_last or after[0].kind == "LPAR")
    return not (joins and tokens[index - 1].kind in BEFORE_OPERATOR)


def _end(tokens: list[Token], index: int) -> int:
    """Behind the `*/` of a remark that began with `/*`; else where the line ends."""
    closes = tokens[index].kind == "SLASH"
    index += 1
    while index < len(tokens):
        if closes and tokens[index - 1].kind == "STAR" and tokens[index].kind == "SLASH":
            return index + 1
        if not closes and is_newline(tokens[index]):
            return index
        index += 1
    return index

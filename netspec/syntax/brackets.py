"""Gives every bracket a partner, and takes out the newlines that do not count.

Neither a brace nor `;` can stand between parentheses, so a `(` that is open there was never closed: it is closed where
that was likely meant, and cannot swallow the rest of the file. Where a `}` is missing, the indentation tells.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import accumulate

from netspec.syntax.closing import closings
from netspec.syntax.mistakes import Mistakes
from netspec.syntax.tokens import OPENERS, Token, is_newline, kinds_of

NESTING_LIMIT = 100
"""braces and parentheses together"""

PARENTHESES = OPENERS | {"RPAR"}
BRACES = frozenset({"LBRACE", "RBRACE"})
BRACKETS = {"LPAR": 1, "CALL": 1, "LBRACE": 1, "RPAR": -1, "RBRACE": -1}
"""what a bracket does to the depth"""


def balance(tokens: list[Token], text: str, mistakes: Mistakes) -> list[Token]:
    """The same tokens with `( )` and `{ }` in pairs, at most 100 deep; each mistake is reported once."""
    kinds = kinds_of(tokens)
    if not PARENTHESES.isdisjoint(kinds):
        tokens = list(_parentheses(tokens, mistakes))
    if not BRACES.isdisjoint(kinds):
        tokens = _joined(tokens if _is_balanced(tokens) else list(_braces(tokens, text, mistakes)))
    return list(_shallow(tokens, mistakes)) if _depth(tokens) > NESTING_LIMIT else tokens


def _after(kind: str, token: Token, text: str) -> Token:
    """A token that the text lacks, at the end of another."""
    return Token(kind, token.end, token.end, text)


# --- parentheses -------------------------------------------------------------------------------------------------


def _pairs(tokens: list[Token]) -> tuple[dict[int, int], list[int]]:
    """Opening to closing parenthesis, by index; and those that are open at the next brace or `;`."""
    partner: dict[int, int] = {}
    unclosed: list[int] = []
    open_at: list[int] = []
    for index, token in enumerate(tokens):
        kind = token.kind
        if kind in OPENERS:
            open_at.append(index)
        elif kind == "RPAR" and open_at:
            partner[open_at.pop()] = index
        elif kind in BRACES or token.text == ";":
            unclosed += open_at
            open_at = []
    return partner, unclosed + open_at


def _parentheses(tokens: list[Token], mistakes: Mistakes) -> Iterator[Token]:
    """Closes what is open, drops each `)` that closes nothing and each newline inside ( )."""
    partner, unclosed = _pairs(tokens)
    missing = Counter(_reported(tokens, partner, unclosed, mistakes))
    closing = set(partner.values())
    inside = 0
    for index, token in enumerate(tokens):
        yield from [_after("RPAR", tokens[index - 1], ")")] * missing[index]
        kind = token.kind
        if kind == "_END" and inside:
            continue
        if kind == "RPAR" and index not in closing:
            mistakes.surplus_parenthesis(token)
            continue
        inside += (index in partner) - (index in closing)
        yield token
    yield from [_after("RPAR", tokens[-1], ")")] * missing[len(tokens)]


def _reported(tokens: list[Token], partner: dict[int, int], unclosed: list[int], mistakes: Mistakes) -> list[int]:
    """Where each missing `)` belongs; one that is inside of another is not reported."""
    place = closings(tokens, unclosed, partner)
    reached = 0
    for opener in unclosed:
        if opener >= reached:
            mistakes.unclosed_parenthesis(tokens[opener], tokens[place[opener] - 1])
            reached = place[opener]
    return list(place.values())


# --- braces ------------------------------------------------------------------------------------------------------


def _is_balanced(tokens: list[Token]) -> bool:
    depth = 0
    for token in tokens:
        depth += (token.kind == "LBRACE") - (token.kind == "RBRACE")
        if depth < 0:
            return False
    return depth == 0


def _braces(tokens: list[Token], text: str, mistakes: Mistakes) -> Iterator[Token]:
    """Drops each `}` that closes nothing, and closes a body before the line that is no deeper than its opening line."""
    missing = _missing(tokens)
    early = _early(tokens, text)
    open_braces: list[Token] = []
    for index, token in enumerate(tokens):
        if index in early and open_braces:
            mistakes.early_brace(token, open_braces[-1], early[index])
            continue
        if missing and token.kind != "_END" and _starts_line(tokens, index):
            while missing and open_braces and _has_left(open_braces[-1], token, text):
                opener = open_braces.pop()
                mistakes.unclosed_brace(opener, token, _indentation(opener, text))
                missing -= 1
                yield _after("RBRACE", tokens[index - 1], "}")
                yield _after("_END", tokens[index - 1], "\n")
        if token.kind == "LBRACE":
            open_braces.append(token)
        elif token.kind == "RBRACE" and open_braces:
            open_braces.pop()
        elif token.kind == "RBRACE":
            mistakes.surplus_brace(token)
            continue
        yield token
    if open_braces:
        mistakes.open_at_end(open_braces, next(token for token in reversed(tokens) if token.kind != "_END"))
    yield from [_after("RBRACE", tokens[-1], "}") for _ in open_braces]


def _missing(tokens: list[Token]) -> int:
    """How many `}` the text lacks."""
    depth = 0
    for token in tokens:
        if token.kind == "LBRACE":
            depth += 1
        elif token.kind == "RBRACE" and depth:
            depth -= 1
    return depth


def _early(tokens: list[Token], text: str) -> dict[int, Token]:
    """Indices of closing braces that end a body whose lines go on after it, each with the `}` that is too much then."""
    early: dict[int, Token] = {}
    opener, closer = tokens[0], -1  # the body outside of all others that was closed last
    depth = 0
    for index, token in enumerate(tokens):
        if token.kind == "LBRACE":
            opener, closer = (token, closer) if depth == 0 else (opener, closer)
            depth += 1
        elif token.kind == "RBRACE" and depth:
            depth -= 1
            closer = index if depth == 0 else closer
        elif token.kind == "RBRACE" and closer >= 0 and _goes_on(tokens, opener, closer, text):
            early[closer] = token
            closer = index
    return early


def _goes_on(tokens: list[Token], opener: Token, closer: int, text: str) -> bool:
    """Whether the line behind a closing brace is indented as part of the body that it closes."""
    first = next((token for token in tokens[closer + 1 : closer + 3] if token.kind != "_END"), None)
    return first is not None and len(_indentation(first, text)) > len(_indentation(opener, text))


def _starts_line(tokens: list[Token], index: int) -> bool:
    return index > 0 and is_newline(tokens[index - 1])


def _has_left(opener: Token, token: Token, text: str) -> bool:
    """Whether a line's first token shows by its indentation that the body before it was meant to be closed."""
    deeper = len(_indentation(token, text)) > len(_indentation(opener, text))
    return not deeper and token.kind not in ("RBRACE", "LBRACE")


def _indentation(token: Token, text: str) -> str:
    """The blanks at the beginning of a token's line."""
    start = text.rfind("\n", 0, token.start) + 1
    line = text[start : token.start]
    return line[: len(line) - len(line.lstrip(" \t"))]


# --- both --------------------------------------------------------------------------------------------------------


def _joined(tokens: list[Token]) -> list[Token]:
    """Takes out newlines before `{`: the body belongs to the statement before."""
    out: list[Token] = []
    for token in tokens:
        if token.kind == "LBRACE":
            while out and is_newline(out[-1]):
                out.pop()
        out.append(token)
    return out


def _depth(tokens: list[Token]) -> int:
    """How deep balanced brackets are nested."""
    steps = (BRACKETS.get(token.kind, 0) for token in tokens)
    return max(accumulate(steps), default=0)


def _shallow(tokens: list[Token], mistakes: Mistakes) -> Iterator[Token]:
    """Replaces what is nested too deep, to its closing bracket, by one `BROKEN` token."""
    depth = 0
    for token in tokens:
        opens = token.kind == "LBRACE" or token.kind in OPENERS
        if opens:
            depth += 1
            if depth == NESTING_LIMIT + 1:
                mistakes.nested_too_deep(token, NESTING_LIMIT)
                yield token._replace(kind="BROKEN")
        if depth <= NESTING_LIMIT:
            yield token
        if token.kind in ("RBRACE", "RPAR"):
            depth -= 1

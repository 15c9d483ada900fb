"""Mends what is wrong in a way that leaves no doubt, so that reading goes on with what was meant.

Each step takes tokens with balanced brackets, reports a mistake with its repair, and puts the repaired tokens in
place: commas between arguments, arithmetic without parentheses, two statements without a separator.
"""

from __future__ import annotations

from collections.abc import Iterator

from netspec.syntax.arithmetic import Arithmetic
from netspec.syntax.mistakes import Mistakes
from netspec.syntax.tokens import OPENERS, OPERATORS, STATEMENT_ENDS, Token, kinds_of


def mend(tokens: list[Token], mistakes: Mistakes, *, statements: bool) -> list[Token]:
    """The same tokens, with the repairs that are certain made and reported."""
    kinds = kinds_of(tokens)
    if "_COMMA" in kinds:
        tokens = list(_without_commas(tokens, mistakes))
    if not OPERATORS.isdisjoint(kinds):
        tokens = Arithmetic(tokens, mistakes, statements=statements).mended()
    return _separated(tokens, mistakes) if "RBRACE" in kinds else tokens


def _without_commas(tokens: list[Token], mistakes: Mistakes) -> Iterator[Token]:
    """Drops commas that do not stand in the list of a name; the first of a statement is reported."""
    openers: list[Token] = []
    reported = False
    for token in tokens:
        kind = token.kind
        if kind in OPENERS:
            openers.append(token)
        elif kind == "RPAR":
            openers.pop()
        elif kind in STATEMENT_ENDS:
            reported = False
        elif kind == "_COMMA" and (not openers or openers[-1].kind == "LPAR"):
            if not reported:
                mistakes.comma(token, inside=bool(openers))
            reported = True
            continue
        yield token


def _separated(tokens: list[Token], mistakes: Mistakes) -> list[Token]:
    """Ends a statement behind its last `}` where what follows has a body of its own: `net a { } train { }`."""
    out: list[Token] = []
    follows: list[int | None] = [None]  # for each open body, where in `out` something follows the statement's last `}`
    for token in tokens:
        kind = token.kind
        at = follows[-1]
        if kind == "LBRACE":
            if at is not None and at < len(out):
                mistakes.unseparated(out[at])
                out.insert(at, Token("_END", out[at].start, out[at].start, "\n"))
            follows[-1] = None
            follows.append(None)
        elif kind == "RBRACE":
            follows.pop()
        elif kind == "_END":
            follows[-1] = None
        out.append(token)
        if kind == "RBRACE":
            follows[-1] = len(out)
    return out

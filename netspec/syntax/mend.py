"""Mends what is wrong in a way that leaves no doubt, so that reading goes on with what was meant.

Each step takes tokens with balanced brackets, reports a mistake with its repair, and puts the repaired tokens in
place: `=` behind the name of a statement, commas between arguments, arithmetic without parentheses, two statements
without a separator.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from netspec.syntax.arithmetic import Arithmetic
from netspec.syntax.mistakes import Mistakes
from netspec.syntax.tokens import OPENERS, OPERATORS, STATEMENT_ENDS, Token, kinds_of

AT_END = Token("_END", 0, 0, "")


def mend(tokens: list[Token], mistakes: Mistakes, *, statements: bool) -> list[Token]:
    """The same tokens, with the repairs that are certain made and reported."""
    kinds = kinds_of(tokens)
    if statements and "_EQUAL" in kinds:
        tokens = list(_without_equals(tokens, mistakes))
    if "_COMMA" in kinds:
        tokens = list(_without_commas(tokens, mistakes))
    if not OPERATORS.isdisjoint(kinds):
        tokens = Arithmetic(tokens, mistakes, statements=statements).mended()
    return _separated(tokens, mistakes) if "RBRACE" in kinds else tokens


def _without_equals(tokens: list[Token], mistakes: Mistakes) -> Iterator[Token]:
    """Reads `K = 5` as `let K = 5` outside of all bodies, and `batch = 64` as `batch 64` inside of one."""
    depth = 0
    head = True  # whether the next token begins a statement
    dropped = False  # whether the next token is an `=` that was reported
    for token, following in pairwise([*tokens, AT_END]):
        if dropped:
            dropped = False
            continue
        if head and token.kind == "NAME" and following.kind == "_EQUAL":
            mistakes.equals(token, following, outside=depth == 0)
            dropped = depth > 0
            if not dropped:
                yield Token("NAME", token.start, token.start, "let")
        depth += (token.kind == "LBRACE") - (token.kind == "RBRACE")
        head = token.kind in ("_END", "LBRACE")
        yield token


def _without_commas(tokens: list[Token], mistakes: Mistakes) -> Iterator[Token]:
    """Drops commas that do not stand in the list of a name; those of one list or statement are reported together."""
    open_lists: list[tuple[str, list[int]]] = [("", [])]  # of each open bracket its kind, and the commas to drop
    for index, token in enumerate([*tokens, AT_END]):
        kind = token.kind
        if kind in STATEMENT_ENDS or kind == "RPAR":
            name, commas = open_lists.pop()
            _report_commas(tokens, commas, mistakes, inside=name == "LPAR")
        if kind in STATEMENT_ENDS:
            open_lists = [("", [])]
        elif kind in OPENERS:
            open_lists.append((kind, []))
        elif kind == "_COMMA" and open_lists[-1][0] != "CALL":
            open_lists[-1][1].append(index)
            continue
        if index < len(tokens):
            yield token


def _report_commas(tokens: list[Token], commas: list[int], mistakes: Mistakes, *, inside: bool) -> None:
    if commas:
        row = tokens[max(commas[0] - 1, 0) : commas[-1] + 2]
        mistakes.commas([tokens[index] for index in commas], row[0], row[-1], inside=inside)


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

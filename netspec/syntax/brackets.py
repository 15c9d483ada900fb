"""Gives every bracket a partner, and takes out the newlines that do not count.

Neither a brace nor `;` can stand between parentheses, so a `(` that is still open there was never closed: it is closed
at the end of its line and cannot swallow the rest of the file. Where a `}` is missing, the indentation says where.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from netspec.syntax.mistakes import Mistakes
from netspec.syntax.tokens import OPENERS, STATEMENT_ENDS, Token, kinds_of

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


def is_newline(token: Token) -> bool:
    """Whether a separator is the end of a line, not a `;`."""
    return token.kind == "_END" and token.text != ";"


def _after(kind: str, token: Token, text: str) -> Token:
    """A token that the text lacks, at the end of another."""
    return Token(kind, token.end, token.end, text)


# --- parentheses -------------------------------------------------------------------------------------------------


def _paired(tokens: list[Token]) -> set[int]:
    """Indices of the parentheses that have a partner before the next brace or `;`."""
    paired: set[int] = set()
    open_at: list[int] = []
    for index, token in enumerate(tokens):
        kind = token.kind
        if kind in OPENERS:
            open_at.append(index)
        elif kind == "RPAR" and open_at:
            paired.update((open_at.pop(), index))
        elif kind in ("LBRACE", "RBRACE") or token.text == ";":
            open_at.clear()
    return paired


def _parentheses(tokens: list[Token], mistakes: Mistakes) -> Iterator[Token]:
    """Closes what is open at the end of its line, drops each `)` that closes nothing and each newline inside ( )."""
    paired = _paired(tokens)
    inside = unclosed = 0  # open brackets with and without a partner; the second are never inside the first
    for index, token in enumerate(tokens):
        kind = token.kind
        if unclosed and not inside and kind in ("_END", "LBRACE", "RBRACE"):
            yield from [_after("RPAR", tokens[index - 1], ")")] * unclosed
            unclosed = 0
        if kind == "_END" and inside:
            continue
        if kind in OPENERS and index in paired:
            inside += 1
        elif kind in OPENERS:
            unclosed += 1
            if unclosed == 1:
                mistakes.unclosed_parenthesis(token, tokens[_line_end(tokens, index, paired) - 1])
        elif kind == "RPAR" and index in paired:
            inside -= 1
        elif kind == "RPAR":
            mistakes.surplus_parenthesis(token)
            continue
        yield token
    yield from [_after("RPAR", tokens[-1], ")") for _ in range(unclosed)]


def _line_end(tokens: list[Token], index: int, paired: set[int]) -> int:
    """Where the line of an open bracket ends, or a brace before that; newlines inside closed brackets do not count."""
    depth = 0
    while index < len(tokens):
        kind = tokens[index].kind
        if depth == 0 and kind in STATEMENT_ENDS:
            break
        if index in paired:
            depth += 1 if kind in OPENERS else -1
        index += 1
    return index


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
        if index in early:
            mistakes.early_brace(token, open_braces[-1], early[index])
            continue
        if missing and token.kind != "_END" and _starts_line(tokens, index):
            while missing and open_braces and _has_left(open_braces[-1], token, text):
                mistakes.unclosed_brace(open_braces.pop(), token)
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
        mistakes.open_at_end(open_braces, tokens[-1])
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
    return first is not None and _indentation(first, text) > _indentation(opener, text)


def _starts_line(tokens: list[Token], index: int) -> bool:
    return index > 0 and is_newline(tokens[index - 1])


def _has_left(opener: Token, token: Token, text: str) -> bool:
    """Whether a line's first token shows by its indentation that the body before it was meant to be closed."""
    deeper = _indentation(token, text) > _indentation(opener, text)
    return not deeper and token.kind not in ("RBRACE", "LBRACE")


def _indentation(token: Token, text: str) -> int:
    start = text.rfind("\n", 0, token.start) + 1
    line = text[start : token.start]
    return len(line) - len(line.lstrip(" \t"))


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

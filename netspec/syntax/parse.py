"""Text to syntax tree. Any text gives a tree; what could not be read is reported and left out of it."""

from __future__ import annotations

import re
from typing import cast

from netspec.diagnostics.message import Report
from netspec.diagnostics.text import Source, Span
from netspec.syntax import words
from netspec.syntax.brackets import balance
from netspec.syntax.comments import without_remarks
from netspec.syntax.mend import mend
from netspec.syntax.mistakes import Mistakes, TooManyMistakes
from netspec.syntax.reader import Reader
from netspec.syntax.tokens import Token, scan
from netspec.syntax.tree import Argument, Name, Network, Statement

SIZE_LIMIT_BYTES = 128 * 1024

DOTTED = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)+)\s*=")


def parse(source: Source, report: Report) -> Network:
    """Reads a spec. Never raises: every syntax error goes into the report, each with its place, one a statement.

    Takes time linear in the text. A text with more than 20 syntax errors, one that is too long, and one that is no
    text give a network without statements.
    """
    mistakes = Mistakes(source, report)
    try:
        if not _is_readable(source.text, mistakes):
            return Network((), source)
        reader = Reader("file", source, mistakes)
        return Network(cast("tuple[Statement, ...]", reader.read(_tokens(source.text, mistakes))), source)
    except TooManyMistakes:
        return Network((), source)


def parse_argument(source: Source, report: Report) -> Argument | None:
    """Reads one argument, as `--set` gives it: `0.1`, `rate=0.1`, `train.sgd.rate=0.1` (a key with points, as written).

    None, and at least one error in the report, where the text is no argument.
    """
    mistakes = Mistakes(source, report)
    dotted = DOTTED.match(source.text)
    try:
        if not _is_readable(source.text, mistakes):
            return None
        tokens = _tokens(source.text, mistakes, start=dotted.end() if dotted else 0, statements=False)
        argument = cast("Argument", Reader("argument", source, mistakes).read(tokens))
    except TooManyMistakes:
        return None
    if mistakes.any:
        return None
    if dotted is None:
        return argument
    key = Name(dotted[1], Span(source, *dotted.span(1)))
    return Argument(key, argument.value, key.span.to(argument.span))


def _is_readable(text: str, mistakes: Mistakes) -> bool:
    """Whether the text is one, and within the limit."""
    size_bytes = len(text) if len(text) > SIZE_LIMIT_BYTES else len(text.encode("utf-8", "surrogatepass"))
    if size_bytes > SIZE_LIMIT_BYTES:
        mistakes.too_long(SIZE_LIMIT_BYTES)
        return False
    if "\0" in text:
        mistakes.not_text(text.index("\0"))
        return False
    return True


def _tokens(text: str, mistakes: Mistakes, *, start: int = 0, statements: bool = True) -> list[Token]:
    """Tokens in good order: known words, brackets in pairs, and no mistake that could be mended."""
    tokens = words.joined(without_remarks(scan(text, start), mistakes), text, mistakes)
    return mend(balance(tokens, text, mistakes), mistakes, statements=statements)

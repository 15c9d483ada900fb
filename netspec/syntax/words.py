"""Words that are no token: digits that run into letters, and letters the language does not have.

A word with a likely meaning is reported with its repair and read as repaired; any other becomes one `BROKEN` token.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

from netspec.syntax.mistakes import Mistakes
from netspec.syntax.strays import Strays
from netspec.syntax.tokens import NUMBERS, Token, scan

PARTS = NUMBERS | {"NAME", "CALL"}
NUMBER = r"[0-9]+(?:x[0-9]+)+|[0-9]+\.[0-9]+|[0-9]+"
WORD = r"[A-Za-z_][A-Za-z0-9_]+"
CROSS = "[xX×✕]"
SIGNS = ".×✕"
"""foreign to the language, yet part of a word where they touch digits or letters"""

AFTER_ALL = Token("_END", -1, -1, "")


def joined(tokens: list[Token], text: str, mistakes: Mistakes) -> list[Token]:
    """The same tokens without `BROKEN` letters and signs that can be mended, and with every wrong word one token."""
    if not _has_wrong(tokens):
        return tokens
    out: list[Token] = []
    strays = Strays(tokens, text, mistakes)
    index = 0
    while index < len(tokens):
        end = _word_end(tokens, index)
        if tokens[index].kind == "BROKEN" and end == index:
            index = strays.mend(index, out)
        elif end > index + 1 or tokens[index].kind == "BROKEN":
            out += _mended(tokens[index:end], mistakes)
            index = end
        else:
            out.append(tokens[index])
            index += 1
    return out


def _has_wrong(tokens: list[Token]) -> bool:
    """Whether any token is `BROKEN`, or a number runs into a word."""
    return any(
        token.kind == "BROKEN" or (token.end == following.start and token.kind in NUMBERS and following.kind in PARTS)
        for token, following in pairwise([*tokens, AFTER_ALL])
    )


def _word_end(tokens: list[Token], index: int) -> int:
    """Where a row of tokens that touch each other and belong to words ends; `index` where none begins."""
    end = index
    if tokens[index].text in SIGNS:
        return _sign_end(tokens, index)
    while end < len(tokens) and _in_word(tokens[end]) and (end == index or tokens[end - 1].touches(tokens[end])):
        end += 1
        if tokens[end - 1].kind == "CALL":
            break
    return end


def _sign_end(tokens: list[Token], index: int) -> int:
    """A point or a cross begins a word only where a number follows: `.5`."""
    end = index + 1
    is_word = end < len(tokens) and tokens[index].touches(tokens[end]) and tokens[end].kind in NUMBERS
    return _word_end(tokens, end) if is_word else index


def _in_word(token: Token) -> bool:
    if token.kind == "BROKEN":
        return len(token.text) == 1 and (token.text.isalnum() or token.text in SIGNS)
    return token.kind in PARTS


def _mended(row: list[Token], mistakes: Mistakes) -> list[Token]:
    """Tokens for a wrong word: its repair's, or one `BROKEN`, with the list of a name left open where one begins."""
    first, last = row[0], row[-1]
    word = Token("BROKEN", first.start, last.end, "".join(token.text for token in row))
    likely = _repair(word.text)
    if likely is None:
        mistakes.wrong_word(word)
        return [word, last] if last.kind == "CALL" else [word]
    repaired, why = likely
    mistakes.wrong_word(word, repaired, why)
    return [token._replace(start=first.start, end=last.end) for token in scan(repaired)]


# --- what was meant ----------------------------------------------------------------------------------------------


def _repair(word: str) -> tuple[str, str] | None:
    """The text that was likely meant, and the rule that it follows."""
    for pattern, repaired, why in REPAIRS:
        found = pattern.fullmatch(word)
        if found is not None and (text := repaired(found)) is not None:
            return text, why
    return None


def _as_arguments(found: re.Match[str]) -> str | None:
    """`1xDxD` -> `1 D D`"""
    parts = re.split(CROSS, found[0])
    return " ".join(parts) if all(part.isdigit() or part.isidentifier() for part in parts) else None


def _as_size(found: re.Match[str]) -> str:
    """`3X3` -> `3x3`"""
    return re.sub(CROSS, "x", found[0])


POINT = "is not a number: a real number has digits on both sides of its point"
REPAIRS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str | None], str], ...] = (
    (re.compile(rf"[0-9]+(?:{CROSS}[0-9]+)+"), _as_size, "is not a size: its numbers are joined by a small `x`"),
    (re.compile(rf"[0-9]+{CROSS}[A-Za-z0-9_×✕]+"), _as_arguments, "is not a size: only digits can be joined by `x`"),
    (re.compile(r"[0-9]+(?:_[0-9]+)+"), lambda m: m[0].replace("_", ""), "is not a number: no `_` stands in one"),
    (re.compile(r"([0-9]+\.[0-9]+)[fF]"), lambda m: m[1], "is not a number: no type is written behind one"),
    (re.compile(r"([0-9]+)\."), lambda m: f"{m[1]}.0", POINT),
    (re.compile(r"\.[0-9]+(?:[eE][0-9]+)?"), lambda m: f"0{m[0]}", POINT),
    (re.compile(r"([0-9]+)([A-DF-WYZa-dg-wyz])"), lambda m: f"({m[1]}*{m[2]})", "is not a product: it takes a `*`"),
    (
        re.compile(rf"({NUMBER})((?![eExX][0-9]){WORD}\(?)"),
        lambda m: f"{m[1]} {m[2]}",
        "is two arguments without a blank between them",
    ),
)
"""what a wrong word looks like, what was likely meant by it, and what is wrong with it"""

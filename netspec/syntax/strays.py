"""Single characters that the language does not have, read as what they were likely meant for."""

from __future__ import annotations

import unicodedata

from netspec.syntax.mistakes import Mistakes
from netspec.syntax.tokens import Token

LIKENESS = {
    "[": ("LPAR", "("),
    "［": ("LPAR", "("),
    "（": ("LPAR", "("),
    "]": ("RPAR", ")"),
    "］": ("RPAR", ")"),
    "）": ("RPAR", ")"),
    "｛": ("LBRACE", "{"),
    "｝": ("RBRACE", "}"),
    "，": ("_COMMA", ","),
    "；": ("_END", ";"),
    "＝": ("_EQUAL", "="),
    ":": ("_EQUAL", "="),
    "：": ("_EQUAL", "="),
    "–": ("MINUS", "-"),
    "—": ("MINUS", "-"),
    "−": ("MINUS", "-"),
    "·": ("STAR", "*"),
    "⋅": ("STAR", "*"),
    "÷": ("SLASH", "/"),
}
"""characters that are taken for a token, by their look or by the habit of other languages"""

QUOTES = {"'": "'", "`": "`'", "“": '”“"', "”": '”"', "„": '“”"', "«": "»", "»": "«", "‘": "’'", "’": "’'", '"': "”“"}
"""an opening quote, and what may close it; a `"` is here only where no `"` closes it"""

KNOWN = frozenset(LIKENESS) | frozenset(QUOTES)


class Strays:
    """The characters of one text that fit nowhere."""

    def __init__(self, tokens: list[Token], text: str, mistakes: Mistakes) -> None:
        self._tokens, self._text, self._mistakes = tokens, text, mistakes
        self._brackets = 0  # foreign brackets that were reported and are still open

    def mend(self, index: int, out: list[Token]) -> int:
        """Adds what the `BROKEN` token at `index` was meant for to `out`; gives the index to go on at."""
        token = self._tokens[index]
        letter = token.text[0]
        if letter in QUOTES:
            return self._quoted(index, out)
        if letter in ":：":
            return self._colon(index, out)
        if letter in LIKENESS:
            out.append(self._meant(token))
            return index + 1
        return self._unknown(index, out)

    def _colon(self, index: int, out: list[Token]) -> int:
        """A colon is an `=`, or nothing behind the name of a statement, or begins a body as in Python."""
        if self._ends_line(index + 1):
            return self._unknown(index, out)
        if out and out[-1].kind == "NAME" and (len(out) == 1 or out[-2].kind in ("_END", "LBRACE")):
            self._mistakes.colon(self._tokens[index])
        else:
            out.append(self._meant(self._tokens[index]))
        return index + 1

    def _unknown(self, index: int, out: list[Token]) -> int:
        first, end = self._tokens[index], self._row_end(index)
        last = self._tokens[end - 1]
        row = Token("BROKEN", first.start, last.end, self._text[first.start : last.end])
        if unicodedata.category(row.text[0]) in ("Zs", "Cf"):
            self._mistakes.invisible(row)
        else:
            self._mistakes.stray(row)
            out.append(row)
        return end

    def _meant(self, token: Token) -> Token:
        kind, text = LIKENESS[token.text]
        closes = kind == "RPAR" and self._brackets > 0
        self._brackets += (kind == "LPAR") - closes
        if not closes:
            self._mistakes.likeness(token, text)
        return token._replace(kind=kind, text=text)

    def _quoted(self, index: int, out: list[Token]) -> int:
        """A string in other quotes, up to what closes it on its line; else the rest of the line is taken for one."""
        token = self._tokens[index]
        stop = self._text.find("\n", token.start)
        line_end = stop if stop >= 0 else len(self._text)
        ends = [at for close in QUOTES[token.text[0]] if (at := self._text.find(close, token.start + 1, line_end)) >= 0]
        if ends:
            end = min(ends) + 1
            self._mistakes.quotes(Token("TEXT", token.start, end, self._text[token.start : end]))
        else:
            end = token.start + len(self._text[token.start : line_end].rstrip())
            self._mistakes.open_text(Token("TEXT", token.start, end, self._text[token.start : end]))
        out.append(Token("TEXT", token.start, end, f'"{self._text[token.start + 1 : end - bool(ends)]}"'))
        return self._first_from(index, end)

    def _first_from(self, index: int, offset: int) -> int:
        while index < len(self._tokens) and self._tokens[index].start < offset:
            index += 1
        return index

    def _row_end(self, index: int) -> int:
        """Where a row of characters that are all unknown, and nothing between them, ends."""
        end = index + 1
        while end < len(self._tokens) and self._tokens[end - 1].touches(self._tokens[end]) and self._is_stray(end):
            end += 1
        return end

    def _is_stray(self, index: int) -> bool:
        token = self._tokens[index]
        return token.kind == "BROKEN" and not token.text[0].isalnum() and token.text[0] not in KNOWN

    def _ends_line(self, index: int) -> bool:
        return index >= len(self._tokens) or self._tokens[index].kind in ("_END", "LBRACE")

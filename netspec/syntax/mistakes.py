"""Every syntax error in words. Other modules find the places; what is said about them stands here."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from netspec.diagnostics.message import Diagnostic, Label, Repair, Report, Severity
from netspec.diagnostics.text import Source, Span
from netspec.syntax.tokens import Token

REPORT_LIMIT = 20
"""syntax errors reported in one text; one with more is hardly a spec, and reading it ends"""

SHOWN_LETTERS = 24
"""of a piece of the text that a message repeats"""


class TooManyMistakes(Exception):  # noqa: N818 - it ends the reading of a text and never leaves the parser
    """Raised behind the last mistake that is reported."""


class Mistakes:
    """The syntax errors of one text.

    `places` holds the offsets of what was reported: a statement with one of them gets no second message.
    """

    def __init__(self, source: Source, report: Report) -> None:
        self._source, self._report = source, report
        self.places: set[int] = set()

    # --- the text as a whole

    def too_long(self, size_bytes: int, limit_bytes: int) -> None:
        message = f"the text is longer than {limit_bytes:,} bytes: {size_bytes:,}"
        self._add("E112", message, (0, 0), helps=("`repeat` and `block` say the same in fewer lines",))

    def not_text(self, offset: int) -> None:
        self._add("E117", "this is not a text file", (offset, offset + 1), "a zero byte")

    # --- characters and words

    def stray(self, token: Token) -> None:
        shown = _quoted(token.text) if token.text.isprintable() else _described(token.text)
        what = "is not part" if len(token.text) == 1 else "are not part"
        self._add("E102", f"{shown} {what} of the language", token, "unknown here", helps=_stray_helps(token.text))

    def invisible(self, token: Token) -> None:
        message = f"an invisible character stands here: {_described(token.text)}"
        self._add("E102", message, token, "put a blank here, or nothing", repair=" ")

    def likeness(self, token: Token, text: str) -> None:
        message = f"{_quoted(token.text)} is not part of the language"
        help_ = "an attribute is written `key=value`" if token.text == ":" else f"write {_quoted(text)}"
        self._add("E102", message, token, f"meant as {_quoted(text)}?", helps=(help_,), repair=text)

    def quotes(self, token: Token) -> None:
        repaired = f'"{token.text[1:-1]}"'
        message = 'a string stands between two `"`'
        self._add("E102", message, token, "other quotes", helps=(f"write {_quoted(repaired)}",), repair=repaired)

    def open_text(self, token: Token) -> None:
        message = "a string is not closed on its line"
        self._add("E109", message, token, "opened here", helps=(f'add `"` where {_quoted(token.text)} ends',))

    def wrong_word(self, token: Token, repaired: str | None = None, why: str = "") -> None:
        shown = _quoted(token.text)
        if repaired is not None:
            label = f"write {_quoted(repaired)}"
            self._add("E103", f"{shown} is not one word: {why}", token, label, repair=repaired)
        elif token.text[0].isdigit():
            self._add("E103", f"{shown} is neither a number nor a name", token, "digits run into other characters")
        else:
            helps = ("a name has the letters a to z and A to Z, digits and `_`, and begins with no digit",)
            self._add("E103", f"{shown} is not a name", token, "a character that no name has", helps=helps)

    def too_large(self, span: Span, *, whole: bool) -> None:
        limit = "2^63 - 1" if whole else "about 1.8e308"
        self._add("E111", f"a number is too large: the limit is {limit}", (span.start, span.end), "too large")

    # --- brackets

    def unclosed_parenthesis(self, token: Token, *, first: bool) -> None:
        if first:
            self._add("E105", "`(` is never closed", _last(token), "opened here", helps=("add the missing `)`",))

    def surplus_parenthesis(self, token: Token) -> None:
        self._add("E106", "`)` closes nothing", token, "no `(` is open here", repair="")

    def unclosed_brace(self, opener: Token, token: Token) -> None:
        message = "`{` is not closed before the line that goes on outside of it"
        self._add(
            "E107",
            message,
            opener,
            "opened here",
            secondary=(Label(self._span(token), "by its indentation this stands behind the missing `}`"),),
            helps=("add `}` on a line before it",),
        )

    def open_at_end(self, openers: Sequence[Token], last: Token) -> None:
        what = "`{` is never closed" if len(openers) == 1 else f"{len(openers)} `{{` are never closed"
        labels = tuple(Label(self._span(opener), "also open") for opener in openers[-4:-1])
        end = Label(Span(self._source, last.start, last.end), "the text ends here")
        self._add("E107", what, openers[-1], "opened here", secondary=(*labels, end), helps=("add the missing `}`",))

    def surplus_brace(self, token: Token) -> None:
        self._add("E108", "`}` closes nothing", token, "no `{` is open here", repair="")

    def nested_too_deep(self, token: Token, limit: int) -> None:
        message = f"brackets are nested more than {limit} deep"
        self._add("E113", message, _last(token), f"number {limit + 1}")

    # --- arguments and statements

    def comma(self, token: Token, *, inside: bool) -> None:
        where = "the values of a list" if inside else "arguments"
        message = f"no comma stands between {where}"
        self._add("E110", message, token, "a blank is enough", repair="")

    def arithmetic(self, first: Token, last: Token) -> None:
        text = self._source.text[first.start : last.end]
        helps = (f"write {_quoted(f'({text})')}",)
        self._add(
            "E104", "arithmetic stands in parentheses", (first.start, last.end), "", helps=helps, repair=f"({text})"
        )

    def lone_sign(self, token: Token) -> None:
        self._add("E101", "`-` stands before no number", token, "expected a number behind it")

    def long_expression(self, first: Token, last: Token, limit: int) -> None:
        message = f"an expression has more than {limit} operators"
        helps = ("name parts of it with `let`",)
        self._add("E114", message, (first.start, last.end), "too long", helps=helps)

    def comment(self, token: Token) -> None:
        self._add("E102", "a comment begins with `#`", token, "not a comment", repair="#")

    def unseparated(self, last: Token, token: Token) -> None:
        message = f"{_quoted(token.text)} stands on the line of the statement before it"
        self._add("E118", message, token, "put it on a line of its own, or a `;` before it", repair=f"; {token.text}")

    def headless(self, token: Token) -> None:
        self._add("E115", "a body without a statement", token, "what it belongs to stands before the `{`")

    def unexpected(self, token: Token, allowed: frozenset[str]) -> None:
        found = WORDS.get(token.kind) or _quoted(token.text)
        self._add("E101", f"{found} cannot stand here", token, f"expected {expected(allowed)}")

    # --- the report

    def _add(
        self,
        code: str,
        message: str,
        place: Token | tuple[int, int],
        label: str = "",
        *,
        secondary: tuple[Label, ...] = (),
        helps: tuple[str, ...] = (),
        repair: str | None = None,
    ) -> None:
        if len(self.places) >= REPORT_LIMIT:
            code, message, label = "E116", f"more than {REPORT_LIMIT} syntax errors", "reading ended before the end"
            secondary, repair, helps = (), None, ("mend the errors above first; is this a .net file?",)
        span = self._span(place) if isinstance(place, Token) else Span(self._source, *place)
        mended = None if repair is None else Repair(span, repair)
        primary = Label(span, label)
        self._report.add(Diagnostic(code, Severity.ERROR, message, primary, secondary, (), helps, mended))
        self.places.add(span.start)
        if code == "E116":
            raise TooManyMistakes

    def _span(self, token: Token) -> Span:
        return Span(self._source, token.start, token.end)


WORDS = {
    "_END": "the end of the line",
    "$END": "the end of the text",
}
"""kinds of token that are not shown by their text"""

ALLOWED = (
    (frozenset({"INT", "REAL", "SIZE", "TEXT", "NAME"}), "an argument"),
    (frozenset({"NAME"}), "a name"),
    (frozenset({"INT"}), "a number"),
    (frozenset({"SIZE"}), "a size"),
    (frozenset({"PLUS"}), "an operator"),
    (frozenset({"_COMMA"}), "`,`"),
    (frozenset({"_EQUAL"}), "`=`"),
    (frozenset({"RPAR"}), "`)`"),
    (frozenset({"LBRACE"}), "`{`"),
    (frozenset({"RBRACE"}), "`}`"),
    (frozenset({"_END"}), "a new line or `;`"),
)
"""what the kinds that may come next are called; the first name that fits takes its kinds"""


def expected(allowed: frozenset[str]) -> str:
    """The kinds of token that may come next, as a student knows them."""
    words: list[str] = []
    named: set[str] = set()
    for kinds, word in ALLOWED:
        if kinds <= allowed and not kinds <= named:
            words.append(word)
            named |= kinds
    return " or ".join(words) if len(words) < 3 else f"{', '.join(words[:-1])} or {words[-1]}"


def _last(token: Token) -> Token:
    """The bracket of a token that ends in one: of `vgg(`, the `(`."""
    return token._replace(start=token.end - 1, text=token.text[-1:])


def _quoted(text: str) -> str:
    shown = text if len(text) <= SHOWN_LETTERS else f"{text[:SHOWN_LETTERS]}…"
    return f"`{shown}`"


def _described(text: str) -> str:
    """A character that does not show, by its number and name."""
    name = unicodedata.name(text[0], "control character")
    return f"U+{ord(text[0]):04X} ({name.lower()})"


def _stray_helps(text: str) -> tuple[str, ...]:
    return ()

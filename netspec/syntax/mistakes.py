"""Every syntax error: its code, message, labels and repair. Other modules find the places."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from netspec.diagnostics.message import Diagnostic, Label, Repair, Report, Severity
from netspec.diagnostics.text import Source, Span
from netspec.syntax.tokens import OPENERS, STATEMENT_ENDS, Token
from netspec.syntax.wording import described, expected, found, quoted, stray_helps

REPORT_LIMIT = 20
"""syntax errors reported in one text; one with more is hardly a spec, and reading it ends"""


class TooManyMistakes(Exception):  # noqa: N818 - it ends the reading of a text and never leaves the parser
    """Raised behind the last mistake that is reported."""


class Mistakes:
    """The syntax errors of one text.

    `places` holds the offsets of tokens that were reported: a statement with one of them gets no second message.
    """

    def __init__(self, source: Source, report: Report) -> None:
        self._source, self._report = source, report
        self._count = 0
        self.places: set[int] = set()

    @property
    def any(self) -> bool:
        return self._count > 0

    # --- the text as a whole

    def too_long(self, limit_bytes: int) -> None:
        message = f"the text is longer than {limit_bytes:,} bytes"
        self._add("E112", message, (0, 0), "", helps=("`repeat` and `block` say the same in fewer lines",))

    def not_text(self, offset: int) -> None:
        self._add("E117", "this is not a text file", (offset, offset + 1), "a zero byte")

    # --- characters and words

    def stray(self, token: Token) -> None:
        shown = quoted(token.text) if token.text.isprintable() else described(token.text[0])
        message = f"{shown} {'is' if len(token.text) == 1 else 'are'} not part of the language"
        self._add("E102", message, token, "cannot stand here", helps=stray_helps(token.text))

    def invisible(self, token: Token) -> None:
        message = f"an invisible character stands here: {described(token.text[0])}"
        self._add("E102", message, token, "put a blank here, or nothing", repair=" ")

    def colon(self, token: Token) -> None:
        message = "no `:` stands behind the name of a statement"
        self._add("E102", message, token, "a blank is enough", repair="")

    def likeness(self, token: Token, text: str) -> None:
        helps = ("an attribute is written `key=value`",) if text == "=" else ()
        message = f"{quoted(token.text)} is not part of the language"
        self._add("E102", message, token, f"write {quoted(text)}", helps=helps, repair=text)

    def remark(self, token: Token) -> None:
        whole_line = token.kind != "SLASH"
        label = "write `#`" if whole_line else "begin each line of it with `#`"
        self._add("E102", "a comment begins with `#`", token, label, repair="#" if whole_line else None)

    def quotes(self, token: Token) -> None:
        repaired = f'"{token.text[1:-1]}"'
        self._add("E102", 'a string stands between two `"`', token, f"write {quoted(repaired)}", repair=repaired)

    def open_text(self, token: Token) -> None:
        end = (token.end, token.end)
        opener = (Label(Span(self._source, token.start, token.start + 1), "opened here"),)
        message = "a string is not closed on its line"
        self._add("E109", message, end, 'expected `"`', secondary=opener, repair='"', mark=token.start)

    def wrong_word(self, token: Token, repaired: str | None = None, why: str = "") -> None:
        shown = quoted(token.text)
        if repaired is not None:
            self._add("E103", f"{shown} {why}", token, f"write {quoted(repaired)}", repair=repaired)
        elif token.text[0].isdigit():
            self._add("E103", f"{shown} is neither a number nor a name", token, "digits run into other characters")
        else:
            helps = (
                "a name is made of the letters a to z and A to Z, digits and `_`, and does not begin with a digit",
            )
            self._add("E103", f"{shown} is not a name", token, "holds a character that no name has", helps=helps)

    def too_large(self, span: Span, *, whole: bool) -> None:
        limit = "2^63 - 1" if whole else "1.8e308"
        message = f"{quoted(span.text)} is too large"
        self._add("E111", message, (span.start, span.end), f"the largest {'integer' if whole else 'real'} is {limit}")

    # --- brackets

    def unclosed_parenthesis(self, opener: Token, last: Token) -> None:
        label = (Label(Span(self._source, opener.end - 1, opener.end), "opened here"),)
        place = (last.end, last.end)
        self._add("E105", "`(` is never closed", place, "expected `)`", secondary=label, repair=")", mark=opener.start)

    def surplus_parenthesis(self, token: Token) -> None:
        self._add("E106", "`)` closes nothing", token, "no `(` is open here", repair="")

    def unclosed_brace(self, opener: Token, outside: Token, indentation: str) -> None:
        label = (Label(self._span(opener), "opened here"),)
        message = "`{` is not closed where its indentation ends"
        line = self._source.text.rfind("\n", 0, outside.start) + 1
        self._add(
            "E107",
            message,
            outside,
            "expected `}` before this line",
            secondary=label,
            repair=f"{indentation}}}\n",
            at=(line, line),
            mark=opener.start,
        )

    def open_at_end(self, openers: Sequence[Token], last: Token) -> None:
        missing = len(openers)
        message = "`{` is never closed" if missing == 1 else f"{missing} `{{` are never closed"
        labels = tuple(Label(self._span(opener), "opened here") for opener in openers[-3:])
        place = (last.end, last.end)
        self._add(
            "E107", message, place, "the text ends here", secondary=labels, repair="\n}" if missing == 1 else None
        )

    def surplus_brace(self, token: Token) -> None:
        helps = ("remove it, or add the `{` that it was meant to close",)
        self._add("E108", "`}` closes nothing", token, "no `{` is open here", helps=helps, repair="")

    def early_brace(self, token: Token, opener: Token, surplus: Token) -> None:
        labels = (Label(self._span(opener), "the body opened here"), Label(self._span(surplus), "is closed again here"))
        message = "`}` closes a body that goes on"
        label = "what follows is indented as part of the body"
        self._add("E108", message, token, label, secondary=labels, repair="")

    def nested_too_deep(self, token: Token, limit: int) -> None:
        place = (token.end - 1, token.end)
        self._add("E113", f"brackets are nested more than {limit} deep", place, f"level {limit + 1}", mark=token.start)

    # --- arguments and statements

    def equals(self, name: Token, equal: Token, *, outside: bool) -> None:
        """An `=` behind the name of a statement; `outside` of all bodies only a constant can be meant."""
        if outside:
            label, place = f"write {quoted(f'let {name.text} = …')}", (name.start, name.start)
            self._add("E101", "a constant is defined with `let`", equal, label, repair="let ", at=place)
        else:
            message = "no `=` stands behind the name of a statement"
            self._add("E101", message, equal, "a blank is enough", repair=" ")

    def commas(self, commas: Sequence[Token], first: Token, last: Token, *, inside: bool) -> None:
        """Commas between `first` and `last`; all of them are dropped."""
        repaired, place = self._without(commas, first, last)
        where = "the values of a list" if inside else "arguments"
        labels = tuple(Label(self._span(comma), "") for comma in commas[1:])
        self._add(
            "E110",
            f"no comma stands between {where}",
            commas[0],
            "a blank is enough",
            secondary=labels,
            repair=repaired,
            at=place,
        )

    def _without(self, commas: Sequence[Token], first: Token, last: Token) -> tuple[str, tuple[int, int]]:
        """The text without these commas, and the part of it that is replaced: one comma, or all from first to last."""
        text = self._source.text
        if len(commas) == 1:
            comma = commas[0]
            return "" if text[comma.end : comma.end + 1].isspace() else " ", (comma.start, comma.end)
        repaired = text[first.start : commas[0].start]
        for comma, following in pairwise([*commas, last]):
            behind = text[comma.end : following.start]
            repaired += behind if behind[:1].isspace() else f" {behind}"
        return (repaired + ("" if last in commas else text[last.start : last.end])).strip(), (first.start, last.end)

    def arithmetic(self, first: Token, last: Token) -> None:
        repaired = f"({self._source.text[first.start : last.end]})"
        place = (first.start, last.end)
        self._add("E104", "arithmetic stands in parentheses", place, f"write {quoted(repaired)}", repair=repaired)

    def lone_sign(self, token: Token) -> None:
        self._add("E101", "`-` has no number behind it", token, "expected a number behind it")

    def long_expression(self, first: Token, last: Token, limit: int) -> None:
        message = f"an expression has more than {limit} operators"
        self._add("E114", message, (first.start, last.end), "too long", helps=("name parts of it with `let`",))

    def unseparated(self, token: Token) -> None:
        message = f"{quoted(token.text)} begins a statement on the line of another"
        label = "expected a new line or `;` before it"
        self._add("E118", message, token, label, repair="; ", at=(token.start, token.start))

    def headless(self, token: Token, before: Token | None) -> None:
        """A `{` that belongs to nothing; of several in a row the first is reported."""
        if before is not None and before.kind == "LBRACE" and before.start in self.places:
            self.places.add(token.start)
            return
        message = "a body stands without a statement"
        self._add("E115", message, token, "expected the name of what it belongs to before the `{`")

    def unexpected(
        self, token: Token, before: Token | None, allowed: frozenset[str], opener: Token | None = None
    ) -> None:
        """A token that the grammar does not allow where it stands; `before` is the one in front of it, and `opener`
        the bracket that is open there.
        """
        if before is not None and before.kind == "_EQUAL" and token.kind in STATEMENT_ENDS | {"RPAR", "_COMMA", "$END"}:
            self._add("E101", "`=` has no value", before, "expected a value behind it", mark=token.start)
        elif before is not None and before.kind in OPENERS and token.kind == "RPAR":
            self._add("E101", "the parentheses are empty", (before.start, token.end), f"expected {expected(allowed)}")
        elif token.kind == "_EQUAL":
            message = "`=` does not follow the name of an attribute"
            self._add("E101", message, token, "an attribute is written `key=value`")
        elif "NAME" in allowed and allowed.isdisjoint({"REAL", "RPAR"}):
            message = f"a statement begins with a name, not with {found(token)}"
            self._add("E101", message, token, "expected the name of a layer or of another statement")
        else:
            label = f"expected {expected(allowed)}"
            self._add("E101", f"{found(token)} cannot stand here", token, label, secondary=self._opened(opener, token))

    def _opened(self, opener: Token | None, token: Token) -> tuple[Label, ...]:
        """Shows an open bracket that stands on an earlier line."""
        if opener is None or "\n" not in self._source.text[opener.end : token.start]:
            return ()
        return (Label(Span(self._source, opener.end - 1, opener.end), "still open"),)

    # --- the report

    def _add(
        self,
        code: str,
        message: str,
        place: Token | tuple[int, int],
        label: str,
        *,
        secondary: tuple[Label, ...] = (),
        helps: tuple[str, ...] = (),
        repair: str | None = None,
        at: tuple[int, int] | None = None,
        mark: int | None = None,
    ) -> None:
        """Reports a mistake; `at` is what the repair replaces, and `mark` the offset to mark, where not the place."""
        span = self._span(place) if isinstance(place, Token) else Span(self._source, *place)
        if self._count >= REPORT_LIMIT:
            self._report.add(_too_many(span))
            raise TooManyMistakes
        mended = None if repair is None else Repair(span if at is None else Span(self._source, *at), repair)
        self._report.add(Diagnostic(code, Severity.ERROR, message, Label(span, label), secondary, (), helps, mended))
        self.places.add(span.start if mark is None else mark)
        self._count += 1

    def _span(self, token: Token) -> Span:
        return Span(self._source, token.start, token.end)


def _too_many(span: Span) -> Diagnostic:
    label = Label(span, "reading ended here; what follows was not checked")
    helps = ("mend the errors above first; is this a .net file?",)
    message = f"more than {REPORT_LIMIT} syntax errors"
    return Diagnostic("E116", Severity.ERROR, message, label, helps=helps)

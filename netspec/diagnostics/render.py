"""Diagnostics as text for a person, in the look of rustc, and as data for a program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from netspec.diagnostics.cells import shown
from netspec.diagnostics.excerpt import excerpt
from netspec.diagnostics.message import Diagnostic, Label, Repair, Severity
from netspec.diagnostics.paint import BLUE, BOLD, CYAN, RED, YELLOW, Paint
from netspec.diagnostics.text import Source, Span

SHOWN_DIAGNOSTICS = 100
"""of one call; nobody reads more at once"""

SHOWN_REPAIR_LETTERS = 60
"""a longer repair is data only"""

STYLES = {Severity.ERROR: RED, Severity.WARNING: YELLOW}


def render(diagnostics: Iterable[Diagnostic], *, colour: bool) -> str:
    """The diagnostics in the order given, a blank line behind each, and a line that counts them.

    Of more than 100 the first 100 are shown, and the last line says so. Ends with a newline; empty without
    diagnostics. Safe for any text: nothing in it reaches the terminal as a control sequence. With `colour` the text
    holds ANSI colours.
    """
    given = tuple(diagnostics)
    if not given:
        return ""
    paint = Paint(colour=colour)
    blocks = ["\n".join(_block(diagnostic, paint)) for diagnostic in given[:SHOWN_DIAGNOSTICS]]
    return "\n\n".join([*blocks, _summary(given, paint)]) + "\n"


def _block(diagnostic: Diagnostic, paint: Paint) -> Iterator[str]:
    style = STYLES[diagnostic.severity]
    head = paint(f"{diagnostic.severity.value}[{diagnostic.code}]", style)
    yield f"{head}{paint(f': {_line(diagnostic.message)}', BOLD)}"
    labels = [(diagnostic.primary, "^", style), *((label, "-", BLUE) for label in diagnostic.secondary)]
    gutter = len(str(max(label.span.line for label, _, _ in labels)))
    for source in _sources(diagnostic):
        own = [entry for entry in labels if entry[0].span.source is source]
        place = own[0][0].span
        arrow = "-->" if source is diagnostic.primary.span.source else ":::"
        yield f"{' ' * gutter}{paint(arrow, BLUE)} {_line(source.name)}:{place.line}:{place.column}"
        yield from excerpt(source, own, gutter, paint)
    remarks = [("note", note) for note in diagnostic.notes] + [("help", text) for text in _helps(diagnostic)]
    if remarks:
        yield paint(f"{' ' * gutter} |", BLUE)
    for kind, text in remarks:
        yield f"{' ' * gutter} {paint('=', BLUE)} {paint(kind, CYAN if kind == 'help' else BOLD)}: {_line(text)}"


def _sources(diagnostic: Diagnostic) -> list[Source]:
    """The texts a diagnostic speaks of, its own first."""
    sources = [diagnostic.primary.span.source]
    for label in diagnostic.secondary:
        if all(label.span.source is not source for source in sources):
            sources.append(label.span.source)
    return sources


def _helps(diagnostic: Diagnostic) -> tuple[str, ...]:
    """The helps, and the repair in words where none of them and no label names it."""
    repair = diagnostic.repair
    if repair is None or len(repair.text) > SHOWN_REPAIR_LETTERS or _is_named(repair.text, diagnostic):
        return diagnostic.helps
    return (_in_words(repair), *diagnostic.helps)


def _is_named(repaired: str, diagnostic: Diagnostic) -> bool:
    said = (*diagnostic.helps, diagnostic.primary.text)
    return any(repaired in text if repaired else text.startswith("remove ") for text in said)


def _in_words(repair: Repair) -> str:
    """`write `3x3``, `add `)``, `remove `,``"""
    text = " ".join(repair.text.split())
    if not text:
        return f"remove `{repair.span.text}`"
    return f"{'add' if repair.span.start == repair.span.end else 'write'} `{text}`"


def _summary(diagnostics: Sequence[Diagnostic], paint: Paint) -> str:
    """`error: 2 errors and 1 warning in lenet.net`"""
    counts = {severity: sum(d.severity is severity for d in diagnostics) for severity in Severity}
    said = [f"{n:,} {severity.value}{'s' if n > 1 else ''}" for severity, n in counts.items() if n]
    files = {d.primary.span.source.name for d in diagnostics}
    where = _line(next(iter(files))) if len(files) == 1 else f"{len(files)} files"
    worst = Severity.ERROR if counts[Severity.ERROR] else Severity.WARNING
    rest = f"; the first {SHOWN_DIAGNOSTICS} are shown" if len(diagnostics) > SHOWN_DIAGNOSTICS else ""
    return paint(worst.value, STYLES[worst]) + paint(f": {' and '.join(said)} in {where}{rest}", BOLD)


def _line(text: str) -> str:
    """A text that is safe to print and stays on its line."""
    return " ".join(shown(part) for part in text.split("\n"))


def as_json(diagnostics: Iterable[Diagnostic]) -> dict[str, Any]:
    """The same as data. Lines and columns are counted from one, in characters; an end is exclusive.

    `{"diagnostics": [{"code", "severity", "message", "file", "line", "column", "end_line", "end_column",
    "labels", "notes", "helps", "repair"}]}`; a label has a place, `text` and `primary`, a repair (or null) a place
    and the `text` to put there.
    """
    return {"diagnostics": [_entry(diagnostic) for diagnostic in diagnostics]}


def _entry(diagnostic: Diagnostic) -> dict[str, Any]:
    repair = diagnostic.repair
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        **_place(diagnostic.primary.span),
        "labels": [
            _label(diagnostic.primary, primary=True),
            *(_label(label, primary=False) for label in diagnostic.secondary),
        ],
        "notes": list(diagnostic.notes),
        "helps": list(_helps(diagnostic)),
        "repair": None if repair is None else {**_place(repair.span), "text": repair.text},
    }


def _label(label: Label, *, primary: bool) -> dict[str, Any]:
    return {**_place(label.span), "text": label.text, "primary": primary}


def _place(span: Span) -> dict[str, Any]:
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {"file": span.source.name, "line": line, "column": column, "end_line": end_line, "end_column": end_column}

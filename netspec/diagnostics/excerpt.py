"""The lines of a text that a diagnostic speaks of, with its labels under them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from netspec.diagnostics.cells import columns, laid_out, shown
from netspec.diagnostics.message import Label
from netspec.diagnostics.paint import BLUE, Canvas, Paint
from netspec.diagnostics.text import Source

LINE_LETTERS = 120
"""of a longer line only the part around its labels is shown"""

LEAD_LETTERS = 40
"""shown of a long line before its first label"""

ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Mark:
    """A label on its line: letters `start` up to `end`, what it says, and how it is drawn."""

    line: int
    start: int
    end: int
    text: str
    sign: str
    style: str


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the text, or the part of a long one that its marks need: letters `start` up to `end`."""

    line: int
    start: int
    end: int
    marks: tuple[Mark, ...]


def excerpt(source: Source, labels: Sequence[tuple[Label, str, str]], gutter: int, paint: Paint) -> Iterator[str]:
    """The lines for labels of one source; each comes with its sign (`^` or `-`) and style. `gutter` is in cells."""
    bar = paint(" " * gutter + " |", BLUE)
    yield bar
    last = 0
    for row in _rows(source, [_mark(label, sign, style) for label, sign, style in labels]):
        if last and row.line == last + 2:
            yield from _row_lines(source, Row(last + 1, 0, LINE_LETTERS, ()), gutter, paint)
        elif row.line > last + 1 and last:
            yield paint("...", BLUE)
        yield from _row_lines(source, row, gutter, paint)
        last = row.line


def _mark(label: Label, sign: str, style: str) -> Mark:
    """A span over several lines is marked on its first one, to its end."""
    span = label.span
    line, column = span.source.position(span.start)
    letters = len(span.source.line(line))
    start = min(column - 1, letters)
    end = min(start + max(span.end - span.start, 1), max(letters, start + 1))
    return Mark(line, start, end, " ".join(shown(label.text).split("\n")), sign, style)


def _rows(source: Source, marks: Sequence[Mark]) -> list[Row]:
    """Rows in the order of the text; marks too far apart on one long line get rows of their own."""
    rows: list[Row] = []
    left = list(marks)
    while left:
        first = left[0]
        letters = len(source.line(first.line))
        start = 0 if letters <= LINE_LETTERS else max(0, min(first.start - LEAD_LETTERS, letters - LINE_LETTERS))
        end = start + LINE_LETTERS
        here = [mark for mark in left if mark.line == first.line and start <= mark.start <= end]
        rows.append(Row(first.line, start, end, tuple(here)))
        left = [mark for mark in left if mark not in here]
    return sorted(rows, key=lambda row: (row.line, row.start))


def _row_lines(source: Source, row: Row, gutter: int, paint: Paint) -> Iterator[str]:
    """A line of the text with its number, and its marks under it."""
    line = source.line(row.line)
    text = line[row.start : row.end]
    before = ELLIPSIS if row.start else ""
    behind = ELLIPSIS if row.end < len(line) else ""
    yield f"{paint(f'{row.line:>{gutter}} |', BLUE)} {before}{laid_out(text)}{behind}".rstrip()
    place = columns(text)

    def cell(letter: int) -> int:
        inside = max(0, min(letter - row.start, len(text)))
        return len(before) + place[inside] + (letter > row.start + len(text))

    bar = paint(" " * gutter + " |", BLUE)
    for canvas in _canvases([(cell(m.start), max(cell(m.end), cell(m.start) + 1), m) for m in row.marks]):
        yield f"{bar} {canvas.painted(paint)}"


def _canvases(marks: list[tuple[int, int, Mark]]) -> Iterator[Canvas]:
    """The lines under a line of the text. The last mark's text stands beside it, the others' below, right to left."""
    if not marks:
        return
    marks = sorted(marks, key=lambda mark: (mark[0], mark[2].sign == "^"))
    _, end, last = marks[-1]
    beside = all(other_end <= end for _, other_end, _ in marks)
    signs = Canvas()
    for column, stop, mark in sorted(marks, key=lambda mark: mark[2].sign == "^"):
        signs.write(column, mark.sign * (stop - column), mark.style)
    if beside and last.text:
        signs.write(end + 1, last.text, last.style)
    yield signs
    hanging = [(column, mark) for column, _, mark in (marks[:-1] if beside else marks) if mark.text]
    if hanging:
        yield _strings(hanging)
    while hanging:
        column, mark = hanging.pop()
        canvas = _strings(hanging)
        canvas.write(column, mark.text, mark.style)
        yield canvas


def _strings(hanging: list[tuple[int, Mark]]) -> Canvas:
    """What the texts below hang on."""
    canvas = Canvas()
    for column, mark in hanging:
        canvas.write(column, "|", mark.style)
    return canvas

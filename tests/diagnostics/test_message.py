"""The report collects mistakes once each and gives them in the order of the text."""

from __future__ import annotations

from netspec.diagnostics.message import Diagnostic, Label, Report, Severity
from netspec.diagnostics.text import Source, Span

TEXT = Source("b.net", "abc")


def found(code: str, start: int, source: Source = TEXT, severity: Severity = Severity.ERROR) -> Diagnostic:
    return Diagnostic(code, severity, "", Label(Span(source, start, start + 1), ""))


def test_a_mistake_is_reported_once() -> None:
    report = Report()
    for diagnostic in (found("E101", 1), found("E101", 1), found("E102", 1), found("E101", 2)):
        report.add(diagnostic)
    assert [(d.code, d.primary.span.start) for d in report.diagnostics] == [("E101", 1), ("E102", 1), ("E101", 2)]


def test_mistakes_are_sorted_by_file_and_place() -> None:
    report = Report()
    other = Source("a.net", "abc")
    for diagnostic in (found("E102", 2), found("E101", 0), found("E103", 1, other)):
        report.add(diagnostic)
    assert [d.code for d in report.sorted()] == ["E103", "E101", "E102"]


def test_warnings_do_not_fail_a_report() -> None:
    report = Report()
    report.add(found("W101", 0, severity=Severity.WARNING))
    assert not report.failed
    report.add(found("E101", 0))
    assert report.failed

"""Diagnostics as values, and the report that collects them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from netspec.diagnostics.text import Span


class Severity(Enum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Label:
    """A remark under a place in the text: `^^^ larger than its input`."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Repair:
    """Code that would mend the mistake: put `text` where `span` is."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake: what was found, where, what is allowed, and how to mend it."""

    code: str
    severity: Severity
    message: str
    primary: Label
    secondary: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    helps: tuple[str, ...] = ()
    repair: Repair | None = None


@dataclass
class Report:
    """The mistakes of one run, in the order they were found. The only mutable thing the front end passes on."""

    diagnostics: list[Diagnostic] = field(default_factory=list[Diagnostic])
    _places: set[tuple[str, str, int]] = field(default_factory=set[tuple[str, str, int]], repr=False)

    def add(self, diagnostic: Diagnostic) -> None:
        """Adds a diagnostic unless one of the same code stands at the same place already."""
        span = diagnostic.primary.span
        place = (diagnostic.code, span.source.name, span.start)
        if place not in self._places:
            self._places.add(place)
            self.diagnostics.append(diagnostic)

    @property
    def failed(self) -> bool:
        return any(d.severity is Severity.ERROR for d in self.diagnostics)

    def has_error_in(self, span: Span | None) -> bool:
        """Whether there is an error within a span; never within None."""
        errors = (d.primary.span for d in self.diagnostics if d.severity is Severity.ERROR)
        return span is not None and any(
            one.source is span.source and span.start <= one.start and one.end <= span.end for one in errors
        )

    def sorted(self) -> tuple[Diagnostic, ...]:
        """By file and place."""
        return tuple(sorted(self.diagnostics, key=lambda d: (d.primary.span.source.name, d.primary.span.start, d.code)))

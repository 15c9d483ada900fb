"""Where elaboration is: the net being built, and the body within it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from netspec.check.net.builder import Builder
from netspec.check.net.flow import Instance, Names
from netspec.check.scope import CallSite, Scope, with_calls
from netspec.check.words import structure as words
from netspec.diagnostics.message import Diagnostic, Report
from netspec.diagnostics.text import Span
from netspec.ir.graph import Layer
from netspec.syntax.tree import Name

DEEPEST_NESTING = 100
MOST_LAYERS = 10_000
MOST_STATEMENTS = 100_000


class ExhaustedError(Exception):
    """A limit of size was passed and reported; nothing more of this net is elaborated."""


@dataclass(eq=False, slots=True)
class Construction:
    """A net (or, with `expands` off, a block on trial) being elaborated: what is built, and what is left to spend."""

    report: Report
    builder: Builder = field(default_factory=Builder)
    expands: bool = True
    statements: int = 0
    current: Span | None = None  # the statement of the net's own body that is being expanded
    labels: dict[tuple[str, int], Name] = field(default_factory=dict[tuple[str, int], Name])
    read: set[tuple[str, int]] = field(default_factory=set[tuple[str, int]])
    called: set[int] = field(default_factory=set[int])

    def spend(self, count: int, span: Span) -> None:
        """Counts statements after expansion. Raises ExhaustedError when there are too many."""
        self.statements += count
        if self.statements > MOST_STATEMENTS:
            self.report.add(words.too_many("statements", MOST_STATEMENTS, self.current or span))
            raise ExhaustedError

    def add_layer(self, layer: Layer) -> None:
        """Raises ExhaustedError when there are too many layers."""
        self.builder.layers.append(layer)
        self.builder.nodes.extend(layer.nodes)
        if len(self.builder.layers) > MOST_LAYERS:
            self.report.add(words.too_many("layers", MOST_LAYERS, self.current or layer.span))
            raise ExhaustedError

    def define(self, label: Name) -> None:
        """Remembers the `as` name of a `repeat`: no table shows it, so somebody should read it."""
        self.labels.setdefault(_site(label), label)

    def mark_read(self, label: Name | None) -> None:
        """Remembers that a layer named with `as` is read."""
        if label is not None:
            self.read.add(_site(label))

    @property
    def unread(self) -> list[Name]:
        """Names that nothing reads."""
        return [label for site, label in self.labels.items() if site not in self.read]


def _site(label: Name) -> tuple[str, int]:
    return label.span.source.name, label.span.start


class Place(NamedTuple):
    """A body being elaborated: what names mean in it (values and layers), and how layers in it are called."""

    net: Construction
    scope: Scope
    names: Names
    instance: Instance
    call: CallSite | None = None
    depth: int = 0

    def complain(self, diagnostic: Diagnostic) -> None:
        """Reports a mistake with the calls of blocks that led here."""
        self.net.report.add(with_calls(diagnostic, self.call))

    def inside(self) -> Place:
        """A body within this one."""
        return Place(self.net, self.scope, Names(self.names), self.instance, self.call, self.depth + 1)

    def calling(self, scope: Scope, site: CallSite, instance: Instance) -> Place:
        """The body of a block that is called here."""
        return Place(self.net, scope, Names(), instance, site, self.depth + 1)

"""What names mean: values of lets and parameters, and the blocks that can be called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import NamedTuple

from netspec.check.suggest import suggestions
from netspec.check.vocabulary.kinds import Entry
from netspec.diagnostics.message import Diagnostic, Label, Report
from netspec.diagnostics.text import Span
from netspec.syntax.tree import Atom, Body, Name

CALLS_SHOWN = 3
"""Calls of blocks that a message names, the innermost first."""


MISTAKES_WITH_SUGGESTIONS = 100


class Unknown(Enum):
    """The value of something that is wrong or not given: whatever depends on it is not judged."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN

Evaluated = int | float | tuple[int, ...] | Unknown
"""The value of an expression: a number, a size, or unknown."""


class CallSite(NamedTuple):
    """Where a block was called, and where the block around that call was."""

    name: str
    span: Span
    outer: CallSite | None


@dataclass(eq=False, slots=True)
class Module:
    """One file: its own lets and blocks, and those it uses. Filled in while its statements are read."""

    lets: dict[str, Evaluated] = field(default_factory=dict[str, Evaluated])
    blocks: dict[str, Block] = field(default_factory=dict[str, "Block"])


@dataclass(eq=False, slots=True)
class Block:
    """A user's block. `entry` is its signature, bound like a built-in layer's; `module` is the file it stands in.

    A parameter in `defaults` may be left out of a call. `scopes` holds one scope for every set of arguments so far.
    """

    name: str
    where: Name
    entry: Entry
    defaults: Mapping[str, Atom]
    body: Body
    module: Module
    recursive: bool = False
    scopes: dict[tuple[object, ...], Scope] = field(default_factory=dict[tuple[object, ...], "Scope"])


@dataclass(eq=False, slots=True)
class Scope:
    """What names mean in a body: parameters first, then the file's lets.

    One scope serves every call of a block with the same arguments, and every copy of a `repeat`, so what was bound in
    it once is kept in `bound` (by the identity of the statement). `tried` tells that a block was elaborated in it on an
    unknown input: doing so again would tell the same mistakes.
    """

    report: Report
    module: Module
    parameters: Mapping[str, Evaluated]
    call: CallSite | None = None
    bound: dict[int, object] = field(default_factory=dict[int, object])
    tried: bool = False

    def value(self, name: str) -> Evaluated | None:
        """The value of a let or parameter; None where there is none of that name."""
        found = self.parameters.get(name)
        return found if found is not None else self.module.lets.get(name)

    def names(self) -> Iterable[str]:
        """All names that have a value here."""
        return (*self.parameters, *self.module.lets)

    def suggestions(
        self, word: str, known: Iterable[str], synonyms: Mapping[str, str] | None = None
    ) -> tuple[str, ...]:
        """What was probably meant; nothing once a file has so many mistakes that nobody reads them."""
        many = len(self.report.diagnostics) >= MISTAKES_WITH_SUGGESTIONS
        return () if many else suggestions(word, known, synonyms)

    def complain(self, diagnostic: Diagnostic) -> None:
        """Reports a mistake, with the calls that led here."""
        self.report.add(with_calls(diagnostic, self.call))


def with_calls(diagnostic: Diagnostic, call: CallSite | None) -> Diagnostic:
    """The diagnostic with a label under each call of a block that led to it."""
    labels: list[Label] = []
    while call is not None and len(labels) < CALLS_SHOWN:
        labels.append(Label(call.span, f"in this call of `{call.name}`"))
        call = call.outer
    return replace(diagnostic, secondary=(*diagnostic.secondary, *labels)) if labels else diagnostic

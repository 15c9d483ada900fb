"""What flows from layer to layer while a net is elaborated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from netspec.diagnostics.text import Span
from netspec.ir.graph import Shape, Value
from netspec.ir.shapes import elements
from netspec.syntax.tree import Name

NO_WEIGHTS: Mapping[str, Value] = MappingProxyType({})


LONGEST_WAY = 10
"""Steps of a flow's way that are remembered; the middle of a longer one is left out."""


class Step(NamedTuple):
    """A layer that changed height and width, and to what."""

    kind: str
    shape: Shape


class Flow(NamedTuple):
    """The output of a layer and how it came about. Where a shape is unknown, there is no flow (None).

    `way` holds the input and the layers that changed an image's height and width since, None for those left out;
    `shrinks` is the kind of the last layer that made it smaller, a pool if there is one. They are kept with the flow,
    as thousands of mistakes may each ask for them, thousands of layers deep.
    """

    value: Value
    kind: str
    span: Span
    previous: Flow | None = None
    way: tuple[Step | None, ...] = ()
    shrinks: str | None = None

    def then(self, value: Value, kind: str, span: Span) -> Flow:
        """What a layer makes of this flow."""
        before, after = self.value.shape[1:], value.shape[1:]
        way = self.way if before == after else _further(self.way, Step(kind, value.shape))
        smaller = elements(after) < elements(before) and self.shrinks != "pool"
        return Flow(value, kind, span, self, way, kind if smaller else self.shrinks)

    def history(self) -> Iterator[Flow]:
        """This flow and those before it, back to the input."""
        flow: Flow | None = self
        while flow is not None:
            yield flow
            flow = flow.previous


def entering(value: Value, span: Span) -> Flow:
    """The net's input."""
    return Flow(value, "input", span, way=(Step("input", value.shape),))


def _further(way: tuple[Step | None, ...], step: Step) -> tuple[Step | None, ...]:
    longer = (*way, step)
    return longer if len(longer) <= LONGEST_WAY else (*longer[:2], None, *longer[3 - LONGEST_WAY :])


class Record(NamedTuple):
    """A layer that later statements can name: its output, and its weights by role (`weight`, `bias`)."""

    kind: str
    span: Span
    flow: Flow | None
    label: Name | None
    weights: Mapping[str, Value] = NO_WEIGHTS


@dataclass(eq=False, slots=True)
class Names:
    """Layers that can be named in a body: its own so far, and those of the bodies around it."""

    outer: Names | None = None
    records: dict[str, Record] = field(default_factory=dict[str, Record])

    def find(self, name: str) -> Record | None:
        """The layer of that name, the innermost first."""
        names: Names | None = self
        while names is not None:
            if name in names.records:
                return names.records[name]
            names = names.outer
        return None

    def all(self) -> Iterator[str]:
        """Every name that can be read here."""
        names: Names | None = self
        while names is not None:
            yield from names.records
            names = names.outer


@dataclass(eq=False, slots=True)
class Instance:
    """The net, or one call of a block in it: the numbers of automatic names, and the names given with `as`.

    `given` holds the `as` of every name that stands in a list, `copies` how often each `as` was met.
    """

    prefix: str = ""
    counted: dict[str, int] = field(default_factory=dict[str, int])
    taken: set[str] = field(default_factory=set[str])
    given: dict[str, Name] = field(default_factory=dict[str, Name])
    copies: dict[str, int] = field(default_factory=dict[str, int])

    def number(self, kind: str) -> str:
        """The next automatic name: `conv1`, `conv2`."""
        count = self.counted.get(kind, 0) + 1
        while f"{kind}{count}" in self.taken:
            count += 1
        self.counted[kind] = count
        self.taken.add(f"{kind}{count}")
        return f"{kind}{count}"

    def listed(self, label: Name) -> str:
        """What a layer called `label` with `as` is listed as: later copies of the same statement get `_2`, `_3`."""
        first, copies = self.given.get(label.text), self.copies.get(label.text, 0)
        again = copies > 0 and first is not None and first.span == label.span
        return f"{label.text}_{copies + 1}" if again else label.text

    def take(self, name: str, label: Name) -> None:
        """Gives the name to the layer called `label`."""
        self.given[name] = label
        self.copies[label.text] = self.copies.get(label.text, 0) + 1
        self.taken.add(name)

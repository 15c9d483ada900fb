"""A layer in the making: its nodes, weights and states, until it is entered into the net."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from netspec.check.arguments import Bound
from netspec.check.net.builder import Planned
from netspec.check.net.flow import Flow, Record
from netspec.check.net.place import Place
from netspec.check.words import shapes as words_shapes
from netspec.check.words import structure as words_structure
from netspec.diagnostics.text import Span
from netspec.ir.graph import Initial, Layer, Node, Shape, State, Value
from netspec.ir.operations import Operation
from netspec.ir.shapes import elements, output_shapes
from netspec.syntax.tree import Name

MOST_ELEMENTS = 2**31
ZEROS = Initial("zeros")
ONES = Initial("ones")
OF_OWN_WEIGHTS = ("init", "rate", "decay")
"""Attributes that only a layer with weights of its own reads, not one that is tied to another."""


class GivenUpError(Exception):
    """The layer does not fit, or depends on something unknown; that was reported. Its output shape is unknown."""


class Weight(NamedTuple):
    """A trainable array that a layer needs; `start` None leaves the choice to what follows the layer."""

    role: str
    shape: Shape
    start: Initial | None = ZEROS
    fan_in: int = 1
    fan_out: int = 1


@dataclass(eq=False, slots=True)
class Draft:
    """The layer `name` of kind `kind` at `span`, on the inputs `flows`."""

    place: Place
    kind: str
    name: str
    span: Span
    bound: Bound
    flows: tuple[Flow, ...]
    nodes: list[Node] = field(default_factory=list[Node])
    weights: dict[str, Value] = field(default_factory=dict[str, Value])
    planned: list[Planned] = field(default_factory=list[Planned])
    states: list[State] = field(default_factory=list[State])

    @property
    def flow(self) -> Flow:
        return self.flows[0]

    @property
    def value(self) -> Value:
        return self.flows[0].value

    def image(self) -> tuple[int, int, int]:
        """Channels, height and width of the input. Raises GivenUpError (E302) when it is flat."""
        shape = self.value.shape
        if len(shape) != 3:
            self.place.complain(words_shapes.needs_image(self.kind, self.flow, self.span))
            raise GivenUpError
        return shape[0], shape[1], shape[2]

    def need(self, *wanted: Weight) -> tuple[Value, ...]:
        """The layer's weights: its own, or those of the layer it is tied to."""
        if self.bound.values.get("tie") is not None:
            return self._tied(wanted)
        output = f"{self.name}.linear" if self.bound.flags else self.name
        for weight in wanted:
            value = Value(f"{self.name}.{weight.role}", weight.shape, batched=False)
            self.weights[weight.role] = value
            self.planned.append(
                Planned(
                    value,
                    weight.start,
                    weight.fan_in,
                    weight.fan_out,
                    self.bound.real("rate"),
                    self.bound.real("decay"),
                    output,
                )
            )
        return tuple(self.weights.values())

    def _tied(self, wanted: tuple[Weight, ...]) -> tuple[Value, ...]:
        name, record = self.tied_layer()
        unread = tuple(one for one in OF_OWN_WEIGHTS if one in self.bound.spans)
        if unread:
            self.place.complain(
                words_shapes.tied_with_its_own(unread, name.text, self.bound.spans[unread[0]], record.span)
            )
        for weight in wanted:
            other = record.weights.get(weight.role)
            if other is not None and other.shape != weight.shape:
                span = name.span
                self.place.complain(
                    words_shapes.tied_shapes(self.kind, name.text, weight.shape, other.shape, span, record.span)
                )
                raise GivenUpError
        self.weights = {w.role: record.weights[w.role] for w in wanted if w.role in record.weights}
        return tuple(self.weights.values())

    def tied_layer(self) -> tuple[Name, Record]:
        """The layer that `tie` names. Raises GivenUpError when there is none, or it is of another kind (E306)."""
        name = self.bound.values["tie"]
        record = find_layer(self.place, name) if isinstance(name, Name) else None
        if not isinstance(name, Name) or record is None or record.flow is None:
            raise GivenUpError
        if record.kind != self.kind:
            self.place.complain(words_shapes.tied_kinds(self.kind, name.text, record.kind, name.span, record.span))
            raise GivenUpError
        return name, record

    def state(self, role: str, shape: Shape, initial: Initial) -> Value:
        """An array that is kept and not trained."""
        value = Value(f"{self.name}.{role}", shape, batched=False)
        self.states.append(State(value, initial))
        return value

    def apply(self, operation: Operation, *inputs: Value) -> Value:
        """Adds a node that makes `conv1`, or `conv1.linear` when flags follow. Raises GivenUpError (E303) if huge."""
        return self._node(operation, inputs, f"{self.name}.linear" if self.bound.flags else self.name)

    def flags(self, value: Value) -> Value:
        """Applies the flags in order; the last one makes the layer's output."""
        last = len(self.bound.flags)
        for k, flag in enumerate(self.bound.flags, 1):
            value = self._node(flag, (value,), self.name if k == last else f"{self.name}.{k}")
        return value

    def _node(self, operation: Operation, inputs: tuple[Value, ...], name: str) -> Value:
        shape = output_shapes(operation, tuple(value.shape for value in inputs))[0]
        if elements(shape) > MOST_ELEMENTS:
            self.place.complain(words_shapes.too_large(self.kind, shape, MOST_ELEMENTS, self.span))
            raise GivenUpError
        output = Value(name, shape)
        self.nodes.append(Node(operation, inputs, (output,), self.name))
        return output

    def enter(self, output: Value) -> Flow:
        """Puts the finished layer into the net."""
        names = tuple(value.name for value in self.weights.values())
        owned = tuple(planned.value.name for planned in self.planned)
        inputs = tuple(flow.value for flow in self.flows)
        self.place.net.builder.parameters.extend(self.planned)
        self.place.net.builder.states.extend(self.states)
        layer = Layer(self.name, self.kind, self.span, inputs, output, tuple(self.nodes), names, owned)
        self.place.net.add_layer(layer)
        return self.flow.then(output, self.kind, self.span)


def find_layer(place: Place, name: Name) -> Record | None:
    """The layer of that name, marked as read; None (E217) where there is none."""
    record = place.names.find(name.text)
    if record is None:
        near = place.scope.suggestions(name.text, place.names.all())
        place.complain(words_structure.no_such_layer(name, near, name.span))
        return None
    place.net.mark_read(record.label)
    return record

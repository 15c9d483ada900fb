"""The backward pass: carries the cotangent of the logits back to every parameter that training moves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from netspec.autodiff.rules import Product, products
from netspec.ir import operations as ops
from netspec.ir.graph import Graph, Node, Value
from netspec.ir.objective import LABEL
from netspec.ir.operations import LossName, Operation
from netspec.ir.rewrite import substitute
from netspec.ir.verify import LOSS_LAYER


@dataclass(frozen=True, slots=True)
class Backward:
    """A forward and backward pass. `cotangents` names, for every value that the loss and a trainable parameter lie on
    either side of, the value that holds its gradient; a sum's branches share the sum's."""

    graph: Graph
    cotangents: Mapping[Value, Value]


def with_backward(graph: Graph, loss: LossName) -> Backward:
    """Appends the gradients to a forward pass that ends in its loss, in reverse order of the nodes.

    The gradient of `v` is called `v.gradient`; where v is read several times its parts are `v.gradient.1`, … and their
    sum is added where v was made. A gradient that merely passes through (a sum's branch) keeps its first name.
    Nothing is computed that no trainable parameter needs. The gradient is that of the mean loss over the images.
    """
    moved = frozenset(parameter.value for parameter in graph.parameters if parameter.rate_factor != 0)
    wanted = _depending_on(graph.nodes, moved)
    logits = graph.outputs[0]
    if logits not in wanted:
        return Backward(graph, {})
    tape = _Tape(wanted)
    (seed,) = tape.emit(ops.LossGradient(loss), (logits, LABEL), (logits,), LOSS_LAYER)
    tape.parts[logits] = [seed]
    for node in reversed(graph.nodes):
        if node.outputs[0] in tape.parts:
            tape.pass_back(node)
    owners = {name: layer.name for layer in graph.layers for name in layer.owned}
    for parameter in graph.parameters:
        if parameter.value in tape.parts:
            tape.total(parameter.value, owners[parameter.value.name])
    whole = substitute(graph, tape.plain, (*graph.nodes, *tape.nodes))
    return Backward(whole, {value: tape.plain.get(total, total) for value, total in tape.totals.items()})


def gradient_of(value: Value) -> Value:
    """The value that holds the gradient of `value`."""
    return replace(value, name=f"{value.name}.gradient")


def _depending_on(nodes: Iterable[Node], sources: frozenset[Value]) -> frozenset[Value]:
    """The sources and everything computed from them, however indirectly."""
    reached = set(sources)
    for node in nodes:
        if not reached.isdisjoint(node.inputs):
            reached.update(node.outputs)
    return frozenset(reached)


@dataclass
class _Tape:
    """The backward pass as it grows."""

    wanted: frozenset[Value]
    nodes: list[Node] = field(default_factory=list[Node])
    parts: dict[Value, list[Value]] = field(default_factory=dict[Value, list[Value]])
    """for each value reached, the cotangents that came back from each place where it is read"""
    plain: dict[Value, Value] = field(default_factory=dict[Value, Value])
    """parts that turned out to be the only one, and so are the whole gradient"""
    totals: dict[Value, Value] = field(default_factory=dict[Value, Value])
    made_for: dict[Value, Value] = field(default_factory=dict[Value, Value])
    serial: Counter[Value] = field(default_factory=Counter[Value])

    def pass_back(self, node: Node) -> None:
        """Adds to the parts of the node's inputs what its output's cotangent gives them."""
        dy = self.total(node.outputs[0], node.layer)
        for product in products(node, dy):
            receivers = tuple(node.inputs[place] for place in product.of)
            if not self.wanted.isdisjoint(receivers):
                self._receive(product, receivers, node.layer)

    def _receive(self, product: Product, receivers: tuple[Value, ...], layer: str) -> None:
        operation, inputs = product.operation, product.inputs
        made = inputs if operation is None else self.emit(operation, inputs, receivers, layer)
        for x, part in zip(receivers, made, strict=True):
            if x in self.wanted:
                self.parts.setdefault(x, []).append(part)

    def emit(
        self, operation: Operation, inputs: tuple[Value, ...], receivers: tuple[Value, ...], layer: str
    ) -> tuple[Value, ...]:
        """A node whose outputs are parts of the gradients of the receivers."""
        self.serial.update(receivers)
        made = tuple(replace(x, name=f"{gradient_of(x).name}.{self.serial[x]}") for x in receivers)
        self.made_for.update(zip(made, receivers, strict=True))
        self.nodes.append(Node(operation, inputs, made, layer))
        return made

    def total(self, x: Value, layer: str) -> Value:
        """The whole gradient of `x`, whose readers have all been passed back through."""
        parts = self.parts[x]
        self.totals[x] = gradient_of(x) if len(parts) > 1 else parts[0]
        if len(parts) > 1:
            self.nodes.append(Node(ops.Add(), tuple(parts), (gradient_of(x),), layer))
        elif self.made_for.get(parts[0]) == x:
            self.plain[parts[0]] = gradient_of(x)
        return self.totals[x]

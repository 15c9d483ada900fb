"""The tape of a backward pass: cotangents go from the outputs of nodes to their inputs, and are added up where a value
is read several times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from netspec.autodiff.rules import Product, Products, products
from netspec.ir import operations as ops
from netspec.ir.graph import Node, Value
from netspec.ir.operations import Operation

Rule = Callable[[Node, Value], Products]
"""forward node, cotangent of its first output -> products"""


def gradient_of(value: Value) -> Value:
    """The value that holds the gradient of `value`."""
    return replace(value, name=f"{value.name}.gradient")


def depending_on(nodes: Iterable[Node], sources: frozenset[Value]) -> frozenset[Value]:
    """The sources and everything computed from them, however indirectly."""
    reached = set(sources)
    for node in nodes:
        if not reached.isdisjoint(node.inputs):
            reached.update(node.outputs)
    return frozenset(reached)


@dataclass
class Tape:
    """The backward pass as it grows. `rule` gives the products of a node."""

    wanted: frozenset[Value]
    rule: Rule = products
    nodes: list[Node] = field(default_factory=list[Node])
    parts: dict[Value, list[Value]] = field(default_factory=dict[Value, list[Value]])
    """for each value reached, the cotangents that came back from each place where it is read"""
    plain: dict[Value, Value] = field(default_factory=dict[Value, Value])
    """parts that turned out to be the only one, and so are the whole gradient"""
    totals: dict[Value, Value] = field(default_factory=dict[Value, Value])
    made_for: dict[Value, Value] = field(default_factory=dict[Value, Value])
    serial: Counter[Value] = field(default_factory=Counter[Value])

    def pass_back(self, nodes: Sequence[Node]) -> None:
        """Passes the cotangents that there are back through nodes of a forward pass, the last one first."""
        for node in reversed(nodes):
            if node.outputs[0] in self.parts:
                self._pass_back(node)

    def _pass_back(self, node: Node) -> None:
        """Adds to the parts of the node's inputs what its output's cotangent gives them."""
        dy = self.total(node.outputs[0], node.layer)
        for product in self.rule(node, dy):
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

"""Collects nodes, layers and parameters while a net is elaborated, and makes the graph of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from netspec.check.vocabulary.layers import RECTIFIERS
from netspec.ir import operations as ops
from netspec.ir.graph import Graph, Initial, Layer, Node, Parameter, State, Value


class Planned(NamedTuple):
    """A parameter whose start may still depend on what follows its layer (`start` is None)."""

    value: Value
    start: Initial | None
    fan_in: int
    fan_out: int
    rate_factor: float
    decay_factor: float
    layer_output: str


@dataclass(eq=False, slots=True)
class Builder:
    """What has been elaborated so far, in the order it runs."""

    nodes: list[Node] = field(default_factory=list[Node])
    layers: list[Layer] = field(default_factory=list[Layer])
    parameters: list[Planned] = field(default_factory=list[Planned])
    states: list[State] = field(default_factory=list[State])
    streams: int = 0

    def stream(self) -> int:
        """The next stream of random numbers for a dropout."""
        self.streams += 1
        return self.streams - 1

    def graph(self, name: str, image: Value, output: Value, arguments: Mapping[str, int | float]) -> Graph:
        """The graph of everything that reaches `output`; `arguments` are the net's parameters with their values."""
        layers = _adopted(tuple(self.living(output)))
        nodes = tuple(node for layer in layers for node in layer.nodes)
        read = {value.name for node in nodes for value in node.inputs}
        starts = _Starts(nodes)
        parameters = tuple(starts.settle(planned) for planned in self.parameters if planned.value.name in read)
        states = tuple(state for state in self.states if state.value.name in read)
        return Graph(name, (image,), parameters, states, nodes, (output,), layers, arguments=tuple(arguments.items()))

    def living(self, output: Value) -> Iterable[Layer]:
        """The layers that `output` depends on, the input included."""
        wanted = {output.name}
        living: list[Layer] = []
        for layer in reversed(self.layers):
            if layer.output.name in wanted or not layer.inputs:
                living.append(layer)
                wanted.update(value.name for value in layer.inputs)
        return reversed(living)


def _adopted(layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    """Weights whose owner was left out belong to the first layer that is tied to them."""
    owned = {name for layer in layers for name in layer.owned}
    adopted: list[Layer] = []
    for layer in layers:
        orphans = tuple(name for name in layer.parameters if name not in owned)
        owned.update(orphans)
        adopted.append(replace(layer, owned=(*layer.owned, *orphans)) if orphans else layer)
    return tuple(adopted)


SEEN_THROUGH = (ops.BatchNorm, ops.MaxPool, ops.AveragePool, ops.Dropout)


class _Starts:
    """Decides how weights start that the spec says nothing about: `he` before a rectifier, else `xavier`."""

    def __init__(self, nodes: tuple[Node, ...]) -> None:
        self._readers: dict[str, list[Node]] = {}
        for node in nodes:
            self._readers.setdefault(node.inputs[0].name, []).append(node)

    def settle(self, planned: Planned) -> Parameter:
        start = planned.start
        if start is None:
            start = Initial("he" if self._meets_rectifier(planned.layer_output) else "xavier")
        initial = Initial(start.kind, start.amount, int(planned.fan_in), int(planned.fan_out))
        return Parameter(planned.value, initial, planned.rate_factor, planned.decay_factor)

    def _meets_rectifier(self, value: str) -> bool:
        """Whether the next nonlinearity, seen through batchnorm, pooling and dropout, is a rectifier."""
        waiting = [value]
        while waiting:
            for node in self._readers.get(waiting.pop(), ()):
                operation = node.operation
                if isinstance(operation, ops.Activation) and operation.function in RECTIFIERS:
                    return True
                if isinstance(operation, SEEN_THROUGH):
                    waiting.append(node.outputs[0].name)
        return False

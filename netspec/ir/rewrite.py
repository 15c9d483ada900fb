"""Making one graph from another: the steps that differentiation and every pass share.

What a step does not change is kept and not copied: a graph has tens of thousands of nodes, and a dozen passes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from netspec.ir.graph import Graph, Layer, Node, Parameter, State, Update, Value

Kept = TypeVar("Kept", Parameter, State)


def with_nodes(graph: Graph, nodes: Iterable[Node]) -> Graph:
    """The graph with these nodes; each layer holds those that name it. With its own nodes it is the graph itself."""
    nodes = tuple(nodes)
    if nodes == graph.nodes:
        return graph
    by_layer: dict[str, list[Node]] = {layer.name: [] for layer in graph.layers}
    for node in nodes:
        by_layer.setdefault(node.layer, []).append(node)
    layers = tuple(_holding(layer, tuple(by_layer[layer.name])) for layer in graph.layers)
    return replace(graph, nodes=nodes, layers=layers)


def _holding(layer: Layer, nodes: tuple[Node, ...]) -> Layer:
    return layer if layer.nodes == nodes else replace(layer, nodes=nodes)


def reading(node: Node, inputs: tuple[Value, ...]) -> Node:
    """The node on these inputs."""
    return node if node.inputs == inputs else replace(node, inputs=inputs)


def reads(graph: Graph, values: Collection[Value]) -> Counter[Value]:
    """How many times each of `values` is read, by nodes and as an output of the graph. A pass asks it of the few values
    that it might take away: an account of all values of a deep net is larger than the processor's caches."""
    if not values:
        return Counter()
    counted = Counter(value for node in graph.nodes for value in node.inputs if value in values)
    counted.update(value for value in graph.outputs if value in values)
    return counted


def substitute(graph: Graph, instead: Mapping[Value, Value], nodes: Iterable[Node] | None = None) -> Graph:
    """The graph, of these nodes where some are given, with `instead[v]` wherever it read or wrote v. Replacements are
    final: they are not replaced again."""
    nodes = graph.nodes if nodes is None else nodes
    if not instead:
        return with_nodes(graph, nodes)
    swapped = replace(
        graph,
        inputs=_swap(graph.inputs, instead),
        parameters=tuple(_swap_kept(each, instead) for each in graph.parameters),
        states=tuple(_swap_kept(each, instead) for each in graph.states),
        outputs=_swap(graph.outputs, instead),
        layers=tuple(_swap_layer(layer, instead) for layer in graph.layers),
        updates=tuple(Update(instead.get(u.old, u.old), instead.get(u.new, u.new)) for u in graph.updates),
    )
    return with_nodes(swapped, (_swap_node(node, instead) for node in nodes))


def _swap(values: tuple[Value, ...], instead: Mapping[Value, Value]) -> tuple[Value, ...]:
    return tuple(instead.get(value, value) for value in values)


def _swap_kept(kept: Kept, instead: Mapping[Value, Value]) -> Kept:
    return replace(kept, value=instead[kept.value]) if kept.value in instead else kept


def _swap_node(node: Node, instead: Mapping[Value, Value]) -> Node:
    if instead.keys().isdisjoint(node.inputs) and instead.keys().isdisjoint(node.outputs):
        return node
    return replace(node, inputs=_swap(node.inputs, instead), outputs=_swap(node.outputs, instead))


def _swap_layer(layer: Layer, instead: Mapping[Value, Value]) -> Layer:
    if instead.keys().isdisjoint(layer.inputs) and layer.output not in instead:
        return layer
    return replace(layer, inputs=_swap(layer.inputs, instead), output=instead.get(layer.output, layer.output))

"""Removes what nothing asks for."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from netspec.ir.graph import Graph, Layer, Node, Value
from netspec.ir.operations import MaxPool
from netspec.ir.rewrite import reads, with_nodes


def remove_dead_nodes(graph: Graph) -> Graph:
    """Keeps the nodes that the outputs or the updates need. A layer whose output is gone goes too."""
    needed = {*graph.outputs, *(update.new for update in graph.updates)}
    alive: list[Node] = []
    for node in reversed(graph.nodes):
        if not needed.isdisjoint(node.outputs):
            needed.update(node.inputs)
            alive.append(node)
    if len(alive) == len(graph.nodes):
        return graph
    made = {*graph.inputs, *(value for node in alive for value in node.outputs)}
    layers = tuple(layer for layer in graph.layers if _stands(layer, made))
    return with_nodes(replace(graph, layers=layers), reversed(alive))


def _stands(layer: Layer, made: set[Value]) -> bool:
    return layer.output in made and made.issuperset(layer.inputs)


def remove_unread_indices(graph: Graph) -> Graph:
    """A MaxPool whose index nobody reads (no gradient passes through it) does not give it."""
    indices = {index for node in graph.nodes if isinstance(node.operation, MaxPool) for index in node.outputs[1:]}
    read = reads(graph, indices)
    return with_nodes(graph, (_without_unread_index(node, read) for node in graph.nodes))


def _without_unread_index(node: Node, read: Counter[Value]) -> Node:
    if not isinstance(node.operation, MaxPool) or all(index in read for index in node.outputs[1:]):
        return node
    return replace(node, outputs=node.outputs[:1])

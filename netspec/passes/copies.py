"""Removes nodes that only hand on what they are given."""

from __future__ import annotations

from netspec.ir.graph import Graph, Node, Value
from netspec.ir.operations import IDENTITY, Reshape
from netspec.ir.rewrite import reading, substitute


def remove_copies(graph: Graph) -> Graph:
    """Drops identity activations and reshapes that keep the shape; a reshape of a reshape reads the first one's input.

    Readers of a dropped value read what it was a copy of, the graph's outputs included.
    """
    instead: dict[Value, Value] = {}
    source: dict[Value, Value] = {}
    nodes: list[Node] = []
    for node in graph.nodes:
        given = tuple(instead.get(value, value) for value in node.inputs)
        if isinstance(node.operation, Reshape):
            given = (source.get(given[0], given[0]),)
            source[node.outputs[0]] = given[0]
        if _copies(node, given[0]):
            instead[node.outputs[0]] = given[0]
        else:
            nodes.append(reading(node, given))
    return substitute(graph, instead, nodes)


def _copies(node: Node, x: Value) -> bool:
    return node.operation == IDENTITY or (isinstance(node.operation, Reshape) and x.shape == node.outputs[0].shape)

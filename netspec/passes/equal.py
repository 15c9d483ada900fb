"""Computes once what several nodes compute alike."""

from __future__ import annotations

from netspec.ir.graph import Graph, Node, Value
from netspec.ir.operations import Operation
from netspec.ir.rewrite import reading, substitute


def merge_equal_nodes(graph: Graph) -> Graph:
    """Of the nodes that apply the same operation to the same values, keeps the first.

    Dropout is no exception: the same stream on the same value draws the same mask.
    """
    first: dict[tuple[Operation, tuple[Value, ...], tuple[tuple[int, ...], ...]], Node] = {}
    instead: dict[Value, Value] = {}
    nodes: list[Node] = []
    for node in graph.nodes:
        given = tuple(instead.get(value, value) for value in node.inputs)
        key = (node.operation, given, tuple(value.shape for value in node.outputs))
        same = first.setdefault(key, node)
        if same is node:
            nodes.append(reading(node, given))
        else:
            instead.update(zip(node.outputs, same.outputs, strict=True))
    return substitute(graph, instead, nodes)

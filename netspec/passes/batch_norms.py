"""Lets a batch normalisation add the other branch of a sum and apply the activation before it writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from netspec.ir.graph import Graph, Node, Value
from netspec.ir.operations import IDENTITY, PIECEWISE_LINEAR, Activation, Add, BatchNormTraining
from netspec.ir.rewrite import reads, substitute


def fuse_batch_norms(graph: Graph) -> Graph:
    """Joins to a BatchNormTraining the Add of two that alone reads its y, if the other term is made by then, and then
    the Activation that alone reads that; only PIECEWISE_LINEAR ones, which cost a kernel next to nothing.

    A layer whose output was a value in between (a sum before its `relu`) now has the activated one.
    """
    readers = _only_readers(graph)
    known = set(graph.inputs)  # what a layer gives is the first output of its node
    joined: dict[Value, Node] = {}
    instead: dict[Value, Value] = {}
    gone: set[Value] = set()  # what nodes made that are joined to another
    for node in graph.nodes:
        y = node.outputs[0]
        if y in readers and _joinable(node):
            both = _with_activation(_with_addend(node, readers, known), readers)
            if both is not node:
                between, last = readers[y].outputs[0], both.outputs[0]
                joined[y] = both
                gone |= {between, last}
                instead |= {old: last for old in (y, between) if old != last}
        known.add(y)
    if not joined:
        return graph
    kept = (joined.get(node.outputs[0], node) for node in graph.nodes if node.outputs[0] not in gone)
    return substitute(graph, instead, kept)


def _only_readers(graph: Graph) -> dict[Value, Node]:
    """The node that reads a value, of the outputs of normalisations and of their sums, where no other does."""
    norms = {node.outputs[0] for node in graph.nodes if _joinable(node)}
    sums = {node.outputs[0] for node in graph.nodes if _is_sum(node) and not norms.isdisjoint(node.inputs)}
    asked = norms | sums
    counted = reads(graph, asked)
    return {value: node for node in graph.nodes for value in node.inputs if value in asked and counted[value] == 1}


def _joinable(node: Node) -> bool:
    return isinstance(node.operation, BatchNormTraining) and node.operation.activation == IDENTITY


def _is_sum(node: Node) -> bool:
    return isinstance(node.operation, Add) and len(node.inputs) == 2


def _with_addend(node: Node, readers: Mapping[Value, Node], known: set[Value]) -> Node:
    """The node and the sum that reads it as one, if they can be; `known` are all values made before it."""
    reader = readers[node.outputs[0]]
    if not _is_sum(reader) or len(node.inputs) != 5:
        return node
    (addend,) = (value for value in reader.inputs if value != node.outputs[0])
    inputs, outputs = (*node.inputs, addend), (*reader.outputs, *node.outputs[1:])
    return replace(node, inputs=inputs, outputs=outputs) if addend in known else node


def _with_activation(node: Node, readers: Mapping[Value, Node]) -> Node:
    """The node and the activation that reads it as one, if they can be."""
    reader = readers.get(node.outputs[0])
    activation = reader.operation if reader is not None else None
    if reader is None or not isinstance(activation, Activation) or activation.function not in PIECEWISE_LINEAR:
        return node
    assert isinstance(node.operation, BatchNormTraining)
    operation = replace(node.operation, activation=activation)
    return replace(node, operation=operation, outputs=(*reader.outputs, *node.outputs[1:]))

"""Lets a batch normalisation add the other branch of a sum and apply the activation before it writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from netspec.ir.graph import Graph, Node, Value
from netspec.ir.operations import IDENTITY, PIECEWISE_LINEAR, Activation, Add, BatchNormTraining
from netspec.ir.rewrite import reads, substitute

Join = Callable[[Node, Node, set[Value]], Node | None]
"""a BatchNormTraining, the only reader of its y, all values made before it -> the two as one, if they can be"""


def fuse_batch_norms(graph: Graph) -> Graph:
    """Joins to a BatchNormTraining the Add of two that alone reads its y, if the other term is made by then, and then
    the Activation that alone reads that; only PIECEWISE_LINEAR ones, which cost a kernel next to nothing.

    A layer whose output was a value in between (a sum before its `relu`) now has the activated one.
    """
    return _join_readers(_join_readers(graph, _with_addend), _with_activation)


def _join_readers(graph: Graph, join: Join) -> Graph:
    norms = {node.outputs[0] for node in graph.nodes if _joinable(node)}
    counted = reads(graph, norms)
    readers = {value: node for node in graph.nodes for value in node.inputs if value in norms and counted[value] == 1}
    known = set(graph.inputs)  # what a layer gives is the first output of its node
    joined: dict[Value, Node] = {}
    for node in graph.nodes:
        y = node.outputs[0]
        if y in readers and (both := join(node, readers[y], known)) is not None:
            joined[y] = both
        known.add(y)
    if not joined:
        return graph
    instead = {y: node.outputs[0] for y, node in joined.items()}
    gone = set(instead.values())
    kept = (joined.get(node.outputs[0], node) for node in graph.nodes if node.outputs[0] not in gone)
    return substitute(graph, instead, kept)


def _joinable(node: Node) -> bool:
    return isinstance(node.operation, BatchNormTraining) and node.operation.activation == IDENTITY


def _with_addend(node: Node, reader: Node, known: set[Value]) -> Node | None:
    if not isinstance(reader.operation, Add) or len(reader.inputs) != 2 or len(node.inputs) != 5:
        return None
    (addend,) = (value for value in reader.inputs if value != node.outputs[0])
    inputs, outputs = (*node.inputs, addend), (*reader.outputs, *node.outputs[1:])
    return replace(node, inputs=inputs, outputs=outputs) if addend in known else None


def _with_activation(node: Node, reader: Node, _: set[Value]) -> Node | None:
    activation = reader.operation
    if not isinstance(activation, Activation) or activation.function not in PIECEWISE_LINEAR:
        return None
    assert isinstance(node.operation, BatchNormTraining)
    operation = replace(node.operation, activation=activation)
    return replace(node, operation=operation, outputs=(*reader.outputs, *node.outputs[1:]))

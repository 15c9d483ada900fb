"""Lets patches of Winograd's algorithm be pooled before they are written: their maps never go through memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from netspec.ir.graph import Graph, Node, Value
from netspec.ir.operations import Convolution, MaxPool, PooledConvolution, Window
from netspec.ir.rewrite import with_nodes
from netspec.ir.target import Target
from netspec.schedule.algorithm import choose_plan

HALVES = Window((2, 2), (2, 2))
"""The windows that never cross the border of a patch."""
AFTER = frozenset({"identity", "relu"})
"""Activations that a patch goes through before it is pooled."""


def pool_patches(graph: Graph, target: Target, groups: int) -> Graph:
    """Joins a convolution in patches to the MaxPool of 2x2 that alone reads it, to the same bits."""
    reads = Counter(value for node in graph.nodes for value in node.inputs)
    reads.update(graph.outputs)
    reads.update(update.new for update in graph.updates)
    patched = {
        node.outputs[0]: node
        for node in graph.nodes
        if reads[node.outputs[0]] == 1
        and isinstance(node.operation, Convolution)
        and node.operation.activation.function in AFTER
        and choose_plan(node, target, groups).algorithm == "winograd"
    }
    pools = {node.inputs[0]: node for node in graph.nodes if _halves(node) and node.inputs[0] in patched}
    nodes = (_joined(node, patched) for node in graph.nodes if node.outputs[0] not in pools)
    return with_nodes(graph, nodes) if pools else graph


def _halves(node: Node) -> bool:
    return isinstance(node.operation, MaxPool) and node.operation.window == HALVES


def _joined(node: Node, patched: Mapping[Value, Node]) -> Node:
    """A pool of patches as one node with their sum, which stands where the pool did."""
    if not _halves(node) or node.inputs[0] not in patched:
        return node
    producer, pool = patched[node.inputs[0]], node.operation
    assert isinstance(producer.operation, Convolution)
    assert isinstance(pool, MaxPool)
    return Node(PooledConvolution(producer.operation, pool), producer.inputs, node.outputs, producer.layer)

"""Lets convolutions be pooled before they are written: their maps never go through memory."""

from __future__ import annotations

from collections.abc import Mapping

from netspec.ir.graph import Graph, Node, Value
from netspec.ir.operations import Convolution, MaxPool, PooledConvolution, Window
from netspec.ir.rewrite import reads, with_nodes
from netspec.schedule.cpu.algorithm import choose_plan
from netspec.schedule.cpu.scratch import strip_bytes
from netspec.targets.cpu.processor import CpuTarget
from netspec.targets.cpu.program import WINOGRAD, Algorithm

HALVES = Window((2, 2), (2, 2))
"""The windows that never cross the border of a patch, or of two rows."""
AFTER = frozenset({"identity", "relu"})
"""Activations that a sum goes through before it is pooled."""
STRIP_SHARE = 4
"""Two rows of a map may take one part in so many of the second cache."""


def pool_sums(graph: Graph, target: CpuTarget, groups: int) -> Graph:
    """Joins a convolution to the MaxPool of 2x2 that alone reads it, to the same bits: patches of Winograd's algorithm
    are pooled one by one, the rows of a direct sum in pairs."""
    counted = reads(graph, {node.inputs[0] for node in graph.nodes if _halves(node)})
    summed = {
        node.outputs[0]: node
        for node in graph.nodes
        if isinstance(node.operation, Convolution)
        and counted[node.outputs[0]] == 1
        and node.operation.activation.function in AFTER
        and _can_wait(node, choose_plan(node, target, groups).algorithm, target)
    }
    pools = {node.inputs[0]: node for node in graph.nodes if _halves(node) and node.inputs[0] in summed}
    nodes = (_joined(node, summed) for node in graph.nodes if node.outputs[0] not in pools)
    return with_nodes(graph, nodes) if pools else graph


def _can_wait(node: Node, algorithm: Algorithm, target: CpuTarget) -> bool:
    """Whether what is to be pooled stays in the cache until it is."""
    direct = algorithm == "direct" and STRIP_SHARE * strip_bytes(node, target) <= target.l2_bytes
    return direct or algorithm in WINOGRAD


def _halves(node: Node) -> bool:
    return isinstance(node.operation, MaxPool) and node.operation.window == HALVES


def _joined(node: Node, summed: Mapping[Value, Node]) -> Node:
    """A pool as one node with the sum before it, which stands where the pool did."""
    if not _halves(node) or node.inputs[0] not in summed:
        return node
    producer, pool = summed[node.inputs[0]], node.operation
    assert isinstance(producer.operation, Convolution)
    assert isinstance(pool, MaxPool)
    return Node(PooledConvolution(producer.operation, pool), producer.inputs, node.outputs, producer.layer)

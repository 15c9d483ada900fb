"""Fusion of convolutions with the max pool after them: the map between the two is never stored."""

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
"""The windows that cross the border of no Winograd tile and of no pair of rows."""
AFTER = frozenset({"identity", "relu"})
"""Activations of convolutions that may be fused with a pool."""
STRIP_SHARE = 4
"""Two rows of a map may fill at most 1 / STRIP_SHARE of the second cache."""


def pool_sums(graph: Graph, target: CpuTarget, lane_groups: int) -> Graph:
    """The graph with each convolution fused to a 2x2 MaxPool that is its only reader; the same bits. Winograd tiles are
    pooled one by one, rows of a direct sum in pairs."""
    counted = reads(graph, {node.inputs[0] for node in graph.nodes if _halves(node)})
    summed = {
        node.outputs[0]: node
        for node in graph.nodes
        if isinstance(node.operation, Convolution)
        and counted[node.outputs[0]] == 1
        and node.operation.activation.function in AFTER
        and _can_wait(node, choose_plan(node, target, lane_groups).algorithm, target)
    }
    pools = {node.inputs[0]: node for node in graph.nodes if _halves(node) and node.inputs[0] in summed}
    nodes = (_joined(node, summed) for node in graph.nodes if node.outputs[0] not in pools)
    return with_nodes(graph, nodes) if pools else graph


def _can_wait(node: Node, algorithm: Algorithm, target: CpuTarget) -> bool:
    """Whether the numbers to be pooled stay in the cache until then."""
    direct = algorithm == "direct" and STRIP_SHARE * strip_bytes(node, target) <= target.l2_bytes
    return direct or algorithm in WINOGRAD


def _halves(node: Node) -> bool:
    return isinstance(node.operation, MaxPool) and node.operation.window == HALVES


def _joined(node: Node, summed: Mapping[Value, Node]) -> Node:
    """The fused node for a pool that reads a value in `summed`; any other node unchanged."""
    if not _halves(node) or node.inputs[0] not in summed:
        return node
    producer, pool = summed[node.inputs[0]], node.operation
    assert isinstance(producer.operation, Convolution)
    assert isinstance(pool, MaxPool)
    return Node(PooledConvolution(producer.operation, pool), producer.inputs, node.outputs, producer.layer)

"""The forward pass as training runs it: batch statistics, and pooling that remembers where each maximum stood."""

from __future__ import annotations

from dataclasses import replace

from netspec.ir import operations as ops
from netspec.ir.graph import Graph, Node, Update, Value
from netspec.ir.rewrite import with_nodes


def training_forward(graph: Graph) -> Graph:
    """Every BatchNorm becomes a BatchNormTraining whose running statistics are updates; every MaxPool gives its index.

    Layers that share running statistics (`tie`) move them one after the other, in the order of the nodes.
    """
    latest: dict[Value, Value] = {}
    nodes = tuple(_training_node(node, latest) for node in graph.nodes)
    updates = tuple(Update(state.value, latest[state.value]) for state in graph.states if state.value in latest)
    return replace(with_nodes(graph, nodes), updates=updates)


def with_indices(graph: Graph) -> Graph:
    """Every MaxPool gives its index, which its gradient reads."""
    return with_nodes(
        graph, (_with_index(node) if isinstance(node.operation, ops.MaxPool) else node for node in graph.nodes)
    )


def _training_node(node: Node, latest: dict[Value, Value]) -> Node:
    """`latest` maps each running statistic to the value that holds it by now; this node may move some on."""
    match node.operation:
        case ops.BatchNorm(momentum, epsilon):
            return _with_batch_statistics(node, ops.BatchNormTraining(momentum, epsilon), latest)
        case ops.MaxPool():
            return _with_index(node)
        case _:
            return node


def _with_index(node: Node) -> Node:
    y = node.outputs[0]
    return replace(node, outputs=(y, Value(f"{y.name}.index", y.shape, dtype="int32")))


def _with_batch_statistics(node: Node, operation: ops.BatchNormTraining, latest: dict[Value, Value]) -> Node:
    x, scale, shift, mean, variance = node.inputs
    current = (latest.get(mean, mean), latest.get(variance, variance))
    moved = tuple(replace(value, name=f"{value.name}.new") for value in current)
    latest.update(zip((mean, variance), moved, strict=True))
    y = node.outputs[0]
    statistics = (replace(mean, name=f"{y.name}.batch_mean"), replace(mean, name=f"{y.name}.inverse_deviation"))
    return replace(
        node, operation=operation, inputs=(x, scale, shift, *current), outputs=(y, *statistics, *moved)
    )  # fmt: skip

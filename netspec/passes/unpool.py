"""Takes an activation's derivative before a maximum is unpooled, not after: on a quarter of the numbers, as a rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from netspec.ir.graph import Graph, Node, Value
from netspec.ir.operations import SAVES_INPUT, ActivationGradient, MaxPool, MaxPoolGradient, Window
from netspec.ir.rewrite import with_nodes

MASKS = frozenset({"relu", "relu6"})
"""Functions whose derivative is zero or one, so that it may be taken before a sum as well as after."""


def activate_before_unpooling(graph: Graph) -> Graph:
    """Where y = pool(z) and z = f(x): dx = f'(z) * unpool(dy) becomes dx = unpool(f'(y) * dy).

    A window hands its cotangent to the one pixel whose value it has, so the two are the same, and z need not be kept
    for it. Left alone are functions whose derivative is taken from x, those whose products would be rounded before
    the windows over a pixel are summed, and cotangents that something else reads too.
    """
    reads = Counter(value for node in graph.nodes for value in node.inputs)
    reads.update(graph.outputs)
    pools = {node.outputs[1]: node for node in graph.nodes if isinstance(node.operation, MaxPool) and node.outputs[1:]}
    unpooled = {node.outputs[0]: node for node in graph.nodes if isinstance(node.operation, MaxPoolGradient)}
    moved = {
        unpooled[node.inputs[1]].outputs[0]: node
        for node in graph.nodes
        if _moves(node, unpooled, pools) and reads[node.inputs[1]] == 1
    }
    if not moved:
        return graph
    gone = {node.outputs[0] for node in moved.values()}
    kept = (node for node in graph.nodes if node.outputs[0] not in gone)
    return activate_before_unpooling(with_nodes(graph, (each for node in kept for each in _placed(node, moved, pools))))


def _moves(node: Node, unpooled: Mapping[Value, Node], pools: Mapping[Value, Node]) -> bool:
    """Whether a node is the derivative of an activation that was pooled, on the pool's own gradient."""
    operation = node.operation
    if not isinstance(operation, ActivationGradient) or operation.function in SAVES_INPUT:
        return False
    gradient = unpooled.get(node.inputs[1])
    if gradient is None or not isinstance(gradient.operation, MaxPoolGradient):
        return False
    exact = operation.function in MASKS or not _overlap(gradient.operation.window)
    return exact and pools[gradient.inputs[0]].inputs[0] == node.inputs[0]


def _overlap(window: Window) -> bool:
    return any(size > step for size, step in zip(window.kernel, window.stride, strict=True))


def _placed(node: Node, moved: Mapping[Value, Node], pools: Mapping[Value, Node]) -> tuple[Node, ...]:
    """A node as it is, or an unpooling behind the derivative that has come to stand before it."""
    derivative = moved.get(node.outputs[0])
    if derivative is None:
        return (node,)
    index, dy = node.inputs
    between = replace(dy, name=f"{node.outputs[0].name}.pooled")
    return (
        replace(derivative, inputs=(pools[index].outputs[0], dy), outputs=(between,)),
        replace(node, inputs=(index, between), outputs=derivative.outputs),
    )

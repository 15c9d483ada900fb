"""Takes an activation's derivative before a maximum is unpooled, not after: on a quarter of the numbers, as a rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from netspec.ir.graph import Graph, Node, Value
from netspec.ir.operations import SAVES_INPUT, ActivationGradient, MaxPool, MaxPoolGradient, Window
from netspec.ir.rewrite import reads, with_nodes

MASKS = frozenset({"relu", "relu6"})
"""Functions whose derivative is zero or one, so that it may be taken before a sum as well as after."""


def activate_before_unpooling(graph: Graph) -> Graph:
    """Where y = pool(z) and z = f(x): dx = f'(z) * unpool(dy) becomes dx = unpool(f'(y) * dy).

    A window hands its cotangent to the one pixel whose value it has, so the two are the same, and z need not be kept
    for it. Left alone are functions whose derivative is taken from x, those whose products would be rounded before
    the windows over a pixel are summed, and cotangents that something else reads too.
    """
    pools = {node.outputs[1]: node for node in graph.nodes if isinstance(node.operation, MaxPool) and node.outputs[1:]}
    unpooled = {node.outputs[0]: node for node in graph.nodes if isinstance(node.operation, MaxPoolGradient)}
    counted = reads(graph, unpooled)
    placed: dict[Value, tuple[Node, ...]] = {}
    gone: set[Value] = set()
    for node in graph.nodes:
        if lifted := _lifted(node, unpooled, pools, counted):
            gone.add(node.outputs[0])
            placed |= lifted
    if not gone:
        return graph
    kept = (node for node in graph.nodes if node.outputs[0] not in gone)
    return with_nodes(graph, (each for node in kept for each in placed.get(node.outputs[0], (node,))))


def _lifted(
    node: Node, unpooled: Mapping[Value, Node], pools: Mapping[Value, Node], counted: Mapping[Value, int]
) -> dict[Value, tuple[Node, ...]]:
    """What stands, by the gradient it gave, in place of each unpooling that a derivative is taken before: of pools
    behind each other, of all."""
    placed: dict[Value, tuple[Node, ...]] = {}
    last = node.outputs[0]
    while _moves(node, unpooled, pools) and counted[node.inputs[1]] == 1:
        unpooling = unpooled[node.inputs[1]]
        (index, dy), last = unpooling.inputs, unpooling.outputs[0]
        between = replace(dy, name=f"{last.name}.pooled")
        placed[last] = (replace(unpooling, inputs=(index, between), outputs=node.outputs),)
        node = replace(node, inputs=(pools[index].outputs[0], dy), outputs=(between,))
    return {**placed, last: (node, *placed[last])} if placed else {}


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

"""Lets a layer apply its activation before it writes, so that the linear value never goes through memory."""

from __future__ import annotations

from dataclasses import replace

from netspec.ir.graph import Graph, Node, Value
from netspec.ir.operations import IDENTITY, Activation, Convolution, Deconvolution, Dense, Local
from netspec.ir.rewrite import reads, substitute

Producer = Convolution | Deconvolution | Local | Dense


def fuse_activations(graph: Graph) -> Graph:
    """Joins an Activation to the Convolution, Deconvolution, Local or Dense before it when nothing else reads between.

    In a training step the gradient of gelu and silu reads the linear value too, so these stay apart there. A layer
    whose output was the linear value (`conv` and then a `relu` of its own) now has the activated one.
    """
    producers = {node.outputs[0] for node in graph.nodes if _fusible(node)}
    activations = {
        node.inputs[0]: node
        for node in graph.nodes
        if isinstance(node.operation, Activation) and node.inputs[0] in producers
    }
    counted = reads(graph, activations)
    activations = {linear: node for linear, node in activations.items() if counted[linear] == 1}
    if not activations:
        return graph
    instead = {linear: node.outputs[0] for linear, node in activations.items()}
    activated = set(instead.values())
    fused = (_fuse(node, activations) for node in graph.nodes if node.outputs[0] not in activated)
    return substitute(graph, instead, fused)


def _fusible(node: Node) -> bool:
    return isinstance(node.operation, Producer) and node.operation.activation == IDENTITY


def _fuse(node: Node, activations: dict[Value, Node]) -> Node:
    activation = activations.get(node.outputs[0])
    if activation is None or not isinstance(activation.operation, Activation):
        return node
    match node.operation:
        case Convolution() | Deconvolution() | Local() | Dense():
            operation = replace(node.operation, activation=activation.operation)
            return replace(node, operation=operation, outputs=activation.outputs)
        case _:
            return node

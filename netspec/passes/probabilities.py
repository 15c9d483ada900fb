"""Ends a forward pass with what its outputs mean as probabilities."""

from __future__ import annotations

from dataclasses import replace

from netspec.ir.graph import Graph, Node, Value
from netspec.ir.operations import Activation, LossName, Operation, Reshape, Softmax
from netspec.ir.rewrite import with_nodes
from netspec.ir.verify import verify


def with_probabilities(graph: Graph, loss: LossName) -> Graph:
    """The graph with probabilities (K,) as its output: the softmax of K outputs, or the sigmoid of each where there is
    one or the loss is binary_cross_entropy. A net that ends with Softmax gives them itself."""
    (output,) = graph.outputs
    flat = output if len(output.shape) == 1 else Value(f"{output.name}.flat", (output.elements,))
    nodes = list(graph.nodes)
    if flat is not output:
        nodes.append(_last(graph, Reshape(), output, flat))
    if not any(isinstance(node.operation, Softmax) and output in node.outputs for node in graph.nodes):
        single = flat.elements == 1 or loss == "binary_cross_entropy"
        flat, linear = Value(f"{output.name}.probability", flat.shape), flat
        nodes.append(_last(graph, Activation("sigmoid") if single else Softmax(), linear, flat))
    ended = replace(with_nodes(graph, nodes), outputs=(flat,))
    verify(ended)
    return ended


def _last(graph: Graph, operation: Operation, given: Value, made: Value) -> Node:
    return Node(operation, (given,), (made,), graph.layers[-1].name)

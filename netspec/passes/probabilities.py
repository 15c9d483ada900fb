"""Ends a forward pass with what its outputs mean as probabilities."""

from __future__ import annotations

from dataclasses import replace

from netspec.ir.graph import Graph, Node, Value
from netspec.ir.operations import Activation, LossName, Operation, Reshape, Softmax
from netspec.ir.rewrite import with_nodes
from netspec.ir.verify import verify


def with_probabilities(graph: Graph, loss: LossName) -> Graph:
    """The graph with two outputs (K,): probabilities, and what the loss reads, by which classes are ranked
    (`ir/ranking.py`). Probabilities are the softmax of K outputs, or the sigmoid of each where there is one or the loss
    is binary_cross_entropy.

    A net that ends with Softmax, or has one output under squared_error, keeps its single output (K,) for both.
    """
    (output,) = graph.outputs
    flat = output if len(output.shape) == 1 else Value(f"{output.name}.flat", (output.elements,))
    nodes = list(graph.nodes)
    if flat is not output:
        nodes.append(_last(graph, Reshape(), output, flat))
    ended_itself = any(isinstance(node.operation, Softmax) and output in node.outputs for node in graph.nodes)
    single, outputs = flat.elements == 1, (flat,)
    if not ended_itself and not (single and loss == "squared_error"):
        probability = Value(f"{output.name}.probability", flat.shape)
        sigmoid = single or loss == "binary_cross_entropy"
        nodes.append(_last(graph, Activation("sigmoid") if sigmoid else Softmax(), flat, probability))
        outputs = (probability, flat)
    ended = replace(with_nodes(graph, nodes), outputs=outputs)
    verify(ended)
    return ended


def _last(graph: Graph, operation: Operation, given: Value, made: Value) -> Node:
    return Node(operation, (given,), (made,), graph.layers[-1].name)

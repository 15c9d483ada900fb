"""A graph with its loss: what training and evaluation have in common."""

from __future__ import annotations

from dataclasses import replace

from netspec.ir.graph import Graph, Node, Value
from netspec.ir.operations import Loss, LossName, Reshape
from netspec.ir.rewrite import substitute, with_nodes
from netspec.ir.shapes import elements
from netspec.ir.verify import LOSS_LAYER

LABEL = Value("label", (), dtype="int32")
RATE = Value("rate", (), batched=False)
LOSS = Value("loss", (), batched=False)
CORRECT = Value("correct", (), batched=False)
RESERVED = (LABEL.name, RATE.name, LOSS.name, CORRECT.name)
"""Names that mean the same in every graph with a loss; a layer called so has its output renamed `loss.output`."""


def with_loss(graph: Graph, function: LossName) -> Graph:
    """Adds the input `label` and the sums over the images `loss` and `correct`; outputs are (logits, loss, correct).

    The loss reads a flat vector, so an output of K x 1 x 1 is flattened first.
    """
    graph = _with_reserved_names_free(graph)
    nodes = list(graph.nodes)
    logits = graph.outputs[0]
    if len(logits.shape) != 1:
        flat = Value(f"{logits.name}.flat", (elements(logits.shape),))
        nodes.append(Node(Reshape(), (logits,), (flat,), LOSS_LAYER))
        logits = flat
    nodes.append(Node(Loss(function), (logits, LABEL), (LOSS, CORRECT), LOSS_LAYER))
    return replace(
        with_nodes(graph, nodes), inputs=(*graph.inputs, LABEL), outputs=(logits, LOSS, CORRECT)
    )  # fmt: skip


def _with_reserved_names_free(graph: Graph) -> Graph:
    made = [value for node in graph.nodes for value in node.outputs]
    return substitute(graph, {v: replace(v, name=f"{v.name}.output") for v in made if v.name in RESERVED})

"""From a checked graph to the forward pass as evaluation and prediction run it."""

from __future__ import annotations

from netspec.ir.graph import Graph, Value
from netspec.ir.objective import with_loss
from netspec.ir.operations import Dropout, LossName
from netspec.ir.rewrite import substitute
from netspec.ir.verify import verify


def inference(graph: Graph, loss: LossName | None) -> Graph:
    """The forward pass with running statistics and without Dropout: what it would scale and drop passes through.

    With a loss there is the input `label` too, and the outputs are (logits, loss, correct), the last two sums over the
    images; without one they are (logits,).
    """
    forward = _without_dropout(graph)
    forward = forward if loss is None else with_loss(forward, loss)
    verify(forward)
    return forward


def _without_dropout(graph: Graph) -> Graph:
    instead: dict[Value, Value] = {}
    for node in graph.nodes:
        if isinstance(node.operation, Dropout):
            instead[node.outputs[0]] = instead.get(node.inputs[0], node.inputs[0])
    kept = (node for node in graph.nodes if not isinstance(node.operation, Dropout))
    return substitute(graph, instead, kept)

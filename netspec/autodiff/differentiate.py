"""From a checked graph to one step of training: forward, loss, backward, update."""

from __future__ import annotations

from dataclasses import replace

from netspec.autodiff.backward import Backward, with_backward
from netspec.autodiff.forward import training_forward
from netspec.autodiff.update import with_updates
from netspec.ir.graph import Graph
from netspec.ir.objective import CORRECT, LOSS, with_loss
from netspec.ir.operations import LossName
from netspec.ir.recipe import Sgd
from netspec.ir.verify import verify


def training_step(graph: Graph, loss: LossName, sgd: Sgd) -> Graph:
    """The graph of one step on a minibatch.

    Inputs: the image, `label` (int32) and `rate` (the learning rate, one number). Outputs: `loss` and `correct`, sums
    over the images. Nodes: the forward pass in its order (with batch statistics), the loss, the backward pass in
    reverse, the updates. Frozen parameters (`rate=0`) get neither gradient nor update, and what only they would need,
    like the image's gradient, is not computed. Velocities are states, when there is momentum.
    """
    step = with_backward(training_forward(with_loss(graph, loss)), loss).graph
    step = replace(with_updates(step, sgd), outputs=(LOSS, CORRECT))
    verify(step)
    return step


def gradients(graph: Graph, loss: LossName) -> Backward:
    """A training step up to its gradients, in which nothing is updated. Its output is `loss`, the sum over the images,
    while gradients are those of the mean."""
    made = with_backward(training_forward(with_loss(graph, loss)), loss)
    made = Backward(replace(made.graph, outputs=(LOSS, *made.cotangents.values()), updates=()), made.cotangents)
    verify(made.graph)
    return made

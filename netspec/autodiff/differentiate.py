"""From a checked graph to one step of training: forward, loss, backward, update."""

from __future__ import annotations

from dataclasses import replace

from netspec.autodiff.backward import gradient_of, with_backward
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
    step = with_updates(with_backward(training_forward(with_loss(graph, loss)), loss), sgd)
    step = replace(step, outputs=(LOSS, CORRECT))
    verify(step)
    return step


def gradients(graph: Graph, loss: LossName) -> Graph:
    """A training step up to its gradients: nothing is updated, and the outputs are `loss` (the sum over the images)
    and then, in the parameters' order, the gradient of the mean loss for each parameter that training moves."""
    step = with_backward(training_forward(with_loss(graph, loss)), loss)
    made = {value for node in step.nodes for value in node.outputs}
    found = [gradient_of(parameter.value) for parameter in step.parameters]
    step = replace(step, outputs=(LOSS, *(value for value in found if value in made)), updates=())
    verify(step)
    return step

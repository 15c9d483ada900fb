"""The second half of the order of the stages: checked graph -> training step -> program.

The first half, from a file to the checked graph, is `frontend.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never, overload

from netspec.autodiff.differentiate import training_step
from netspec.autodiff.gradient import with_gradient
from netspec.ir.augmentation import Augmentation, augmentation
from netspec.ir.collector import resting_collector
from netspec.ir.graph import Graph, Value
from netspec.ir.recipe import Experiment
from netspec.passes.dead import remove_dead_nodes
from netspec.passes.fold import Folded, fold_batch_norms, without_unread_arrays
from netspec.passes.inference import inference
from netspec.passes.optimize import optimize
from netspec.passes.probabilities import with_probabilities
from netspec.schedule.cpu.channels import lower_channels
from netspec.schedule.cpu.layout import choose_layout
from netspec.schedule.cpu.lower import lower as plan_for_cpu
from netspec.schedule.cuda.lower import lower as plan_for_cuda
from netspec.targets.cpu.processor import CpuTarget
from netspec.targets.cpu.program import Program as CpuProgram
from netspec.targets.cuda.processor import CudaTarget
from netspec.targets.target import Program, Target

COUNTED_BATCH = 64
"""The batch that memory is stated at where the whole training part is one batch."""


def lower(graph: Graph, target: Target, batch: int, augmentation: Augmentation | None = None) -> Program:
    """The plan of a graph for minibatches of up to `batch` images, by the planner of its kind of processor."""
    match target:
        case CpuTarget():
            return plan_for_cpu(graph, target, batch, augmentation)
        case CudaTarget():
            return plan_for_cuda(graph, target, batch, augmentation)
        case _:
            assert_never(target)


@resting_collector()
def maps_graph(graph: Graph, values: tuple[Value, ...]) -> Graph:
    """Forward alone, as far as these values of a checked graph need it, with running statistics and without dropout,
    optimised: outputs are the values, in this order."""
    forward = inference(remove_dead_nodes(replace(graph, outputs=values)), None)
    return without_unread_arrays(optimize(forward))


@resting_collector()
def gradient_graph(graph: Graph, of: Value, by: Value, *, guided: bool = False) -> Graph:
    """The gradient of a value of a checked graph by another, with running statistics and without dropout, optimised:
    `autodiff/gradient.py` says what it reads and gives. Values that dropout made are those that it was given."""
    forward = inference(replace(graph, outputs=(of, by)), None)
    of, by = forward.outputs
    return without_unread_arrays(optimize(with_gradient(forward, of, by, guided=guided)))


def forward_program(graph: Graph, target: Target, batch: int, parallel_images: int | None = None) -> Program:
    """The plan of a forward pass alone, fit for `batch` images. It holds that many at once; with lanes of channels
    `parallel_images` at most, because maps of few images stay in the cache from one launch to the next."""
    match target:
        case CpuTarget():
            if choose_layout(graph, target, batch) == "channels":
                return lower_channels(graph, target, min(batch, parallel_images or batch))
            return plan_for_cpu(graph, target, batch)
        case CudaTarget():
            return plan_for_cuda(graph, target, batch)
        case _:
            assert_never(target)


@resting_collector()
def step_graph(experiment: Experiment) -> Graph:
    """Forward, loss, backward and update of one minibatch, optimised."""
    return optimize(training_step(experiment.graph, experiment.train.loss, experiment.train.sgd))


@overload
def training_program(experiment: Experiment, target: CpuTarget, batch: int | None = None) -> CpuProgram: ...
@overload
def training_program(experiment: Experiment, target: Target, batch: int | None = None) -> Program: ...
@resting_collector()
def training_program(experiment: Experiment, target: Target, batch: int | None = None) -> Program:
    """One training step as launches over one arena, for minibatches of `batch` images (default: the spec's), which are
    augmented as they come in. The other programs never augment."""
    images = batch or experiment.train.batch or COUNTED_BATCH
    return lower(step_graph(experiment), target, images, augmentation(experiment.augment))


@resting_collector()
def evaluation_program(experiment: Experiment, target: Target, batch: int) -> Program:
    """Forward with running statistics, and the loss: outputs logits, `loss` and `correct` of up to `batch` images."""
    return lower(optimize(inference(experiment.graph, experiment.train.loss)), target, batch)


@resting_collector()
def prediction(experiment: Experiment) -> Folded:
    """Forward alone, from an image to the probability of each class, batch normalisation folded into the weights."""
    folded = fold_batch_norms(inference(experiment.graph, None))
    return replace(folded, graph=optimize(with_probabilities(folded.graph, experiment.train.loss)))


@overload
def prediction_program(experiment: Experiment, target: CpuTarget, batch: int) -> CpuProgram: ...
@overload
def prediction_program(experiment: Experiment, target: Target, batch: int) -> Program: ...
@resting_collector()
def prediction_program(experiment: Experiment, target: Target, batch: int) -> Program:
    """Forward alone: probabilities of up to `batch` images. Its weights are `fold_weights.folded_weights`, or packed
    from them where lanes hold channels."""
    return forward_program(prediction(experiment).graph, target, batch)

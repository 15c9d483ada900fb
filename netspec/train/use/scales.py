"""Activations and gradients before training, by activation function and initial scale: which vanish, which saturate.

The oracle computes them in float64 on the checked graph, before any pass.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from netspec.autodiff.backward import Backward
from netspec.autodiff.differentiate import gradients
from netspec.data.dataset import Dataset
from netspec.data.order import Purpose, bell, permutation, words
from netspec.diagnostics.failure import UsageError
from netspec.ir.evaluate import evaluate
from netspec.ir.graph import Graph, Initial, Parameter
from netspec.ir.initialize import initialize
from netspec.ir.objective import LABEL
from netspec.ir.operations import Activation, LossName
from netspec.ir.recipe import Experiment
from netspec.ir.rewrite import with_nodes
from netspec.passes.dead import remove_dead_nodes
from netspec.predict.intake import Intake
from netspec.train.step.preparation import crop_pad, prepared

Array = NDArray[Any]
Function = Literal["sigmoid", "tanh", "relu"]
FUNCTIONS: tuple[Function, ...] = ("sigmoid", "tanh", "relu")
SCALES = (0.1, 0.5, 1.0, math.sqrt(2), 3.0, 10.0)
"""Default scales; 1 keeps the variance through a linear layer, the root of 2 (`he`) through one with ReLU."""


@dataclass(frozen=True, slots=True)
class Exhibits:
    """Images as inputs of the net, (N, *shape), labels (N,), and a description."""

    images: Array
    labels: Array
    description: str


@dataclass(frozen=True, slots=True)
class LayerScale:
    """Standard deviations over all images and units: of a layer's output, and of the gradient of the loss with respect
    to it. The gradient of the input is None."""

    layer: str
    activation: float
    gradient: float | None


@dataclass(frozen=True, slots=True)
class Trial:
    """A net whose activation functions are all `function`, with weights of deviation `scale` / sqrt(fan-in)."""

    function: Function
    scale: float
    layers: tuple[LayerScale, ...]


def real_exhibits(experiment: Experiment, dataset: Dataset, images: int, seed: int) -> Exhibits:
    """Images of the training part, drawn by the seed, prepared as in training, not augmented."""
    drawn = permutation(seed, Purpose.SHUFFLE, len(dataset.train))[:images]
    part, preparation = dataset.train.pick(np.sort(drawn)), prepared(dataset)
    intake = Intake(preparation.shape, preparation.mean, preparation.deviation, crop_pad(experiment))
    normal = intake.normal(part.images[0 : len(part)], experiment.graph.inputs[0].shape)
    return Exhibits(normal, part.labels, f"{len(part):,} training images of {dataset.description}")


def noise_exhibits(graph: Graph, images: int, seed: int) -> Exhibits:
    """Random numbers of mean 0 and deviation 1, close to normal, with random labels."""
    shape, classes = graph.inputs[0].shape, max(2, graph.outputs[0].elements)
    numbers = bell(seed, Purpose.PIXELS, images * graph.inputs[0].elements)
    labels = (words(seed, Purpose.LABELS, images) % np.uint64(classes)).astype(np.int32)
    return Exhibits(numbers.reshape(images, *shape), labels, f"{images:,} images of noise")


def try_scales(graph: Graph, loss: LossName, exhibits: Exhibits, scales: Sequence[float], seed: int) -> Iterator[Trial]:
    """Every function with every scale, scales within functions, computed lazily.

    Raises UsageError (E475) where the net has no activation function.
    """
    if not any(isinstance(node.operation, Activation) for node in graph.nodes):
        helps = ("write one behind a layer, such as `dense 64 tanh`",)
        raise UsageError("E475", f"`{graph.name}` has no activation function, so there is none to compare", helps=helps)
    for function in FUNCTIONS:
        backward = _differentiated(_with_function(graph, function), loss)
        for scale in scales:
            yield Trial(function, scale, _layers(backward, exhibits, scale, seed))


def _with_function(graph: Graph, function: Function) -> Graph:
    """The net with every activation function replaced by this one, and nothing frozen."""
    activation = Activation(function)
    nodes = (replace(n, operation=activation) if isinstance(n.operation, Activation) else n for n in graph.nodes)
    parameters = tuple(replace(parameter, rate_factor=1.0) for parameter in graph.parameters)
    return replace(with_nodes(graph, nodes), parameters=parameters)


def _differentiated(graph: Graph, loss: LossName) -> Backward:
    """Forward and backward graph, the backward part for activations alone: no weight gradient is computed."""
    made = gradients(graph, loss)
    wanted = tuple(gradient for value, gradient in made.cotangents.items() if value.batched)
    return replace(made, graph=remove_dead_nodes(replace(made.graph, outputs=(*made.graph.outputs[:1], *wanted))))


def _layers(backward: Backward, exhibits: Exhibits, scale: float, seed: int) -> tuple[LayerScale, ...]:
    graph = backward.graph
    feeds = {graph.inputs[0].name: exhibits.images, LABEL.name: exhibits.labels, **_scaled(graph, scale, seed)}
    values = evaluate(graph, feeds, seed=seed)
    images, gradient_names = len(exhibits.images), {v.name: g.name for v, g in backward.cotangents.items()}

    def row(layer: str, output: str) -> LayerScale:
        gradient = values[gradient_names[output]] if output in gradient_names else None
        return LayerScale(
            layer, float(values[output].std()), None if gradient is None else images * float(gradient.std())
        )

    return tuple(row(layer.name, layer.output.name) for layer in graph.layers)


def _scaled(graph: Graph, scale: float, seed: int) -> Mapping[str, Array]:
    """Initial values: random ones normal with deviation `scale` / sqrt(fan-in); zeros and ones unchanged."""
    return initialize(replace(graph, parameters=tuple(_rescaled(each, scale) for each in graph.parameters)), seed)


def _rescaled(parameter: Parameter, scale: float) -> Parameter:
    initial = parameter.initial
    if initial.kind in ("zeros", "ones"):
        return parameter
    return replace(parameter, initial=Initial("normal", scale / math.sqrt(initial.fan_in), initial.fan_in))

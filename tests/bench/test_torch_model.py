"""PyTorch's side computes the same network: loss, gradients and update are those of the oracle, in float64."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from netspec.autodiff.differentiate import training_step
from netspec.ir.evaluate import evaluate
from netspec.ir.graph import Graph
from netspec.ir.recipe import Experiment
from tests.check.reading_specs import examined
from tests.ir.checked import CHECKED
from tests.ir.nets import feeds
from tests.strategies import valid_specs

pytest.importorskip("torch")

import torch

from netspec.bench.torch_model import ACTIVATIONS, LOSSES, RULES, TorchNetwork

IMAGES = 3
STEPS = 2
"""two, so that momentum counts"""
RECIPE = "train {{ loss {loss}; sgd rate=0.1 momentum=0.9 decay=1e-2 nesterov }}\n"
BODIES = {
    "padding that differs": "conv 3 4x3 stride=2 pad=same relu; conv 2 2 pad=same tanh",
    "dilation, groups and depthwise": "conv 4 3 dilate=2 pad=2; conv 4 3 groups=2; depthwise 3 pad=1 stride=2",
    "ceil pools": "pool max 3 stride=2 round=ceil; conv 2 1; pool avg 2 stride=2 round=ceil",
    "ceil pools with padding": "pool max 3 stride=2 pad=1 round=ceil; pool avg 3 stride=2 pad=1 round=ceil count_pad",
    "global pools": "conv 3 3 sigmoid; pool avg global",
    "transposed": "deconv 3 3 stride=2 pad=1 tanh; upsample 2",
    "local": "local 3 3 stride=2 pad=same relu",
    "response norm": "lrn size=3 alpha=0.5 beta=0.5 k=2; dense 6; lrn size=3",
    "maxout": "conv 6 3; maxout 3; dense 4; maxout 2",
    "batchnorm": "conv 3 3 nobias; batchnorm momentum=0.8 relu; dense 5; batchnorm eps=1e-3",
    "branches": "sum { conv 2 3 pad=1 relu } {} relu; concat { conv 2 1 } { pool max 3 stride=1 pad=1 }",
    "tied": "conv 2 3 pad=1 sigmoid as one; conv 2 3 pad=1 tie=one sigmoid",
    "softmax and dropout of nothing": "dropout 0; dense 5; softmax",
    "rates of layers": "conv 2 3 rate=0; conv 2 3 rate=0.5 decay=2",
}


def start(experiment: Experiment, step: Graph, seed: int) -> dict[str, Any]:
    """Feeds of a training step in generic position: weights, labels and images, nothing at a kink."""
    draw, given = np.random.default_rng(seed), feeds(step, IMAGES, seed, max(2, experiment.graph.outputs[0].elements))
    for parameter in experiment.graph.parameters:
        name = parameter.value.name
        given[name] = given[name] + 0.1 * draw.standard_normal(given[name].shape)
    return {**given, "rate": np.array(experiment.train.sgd.rate)}


def agree(experiment: Experiment, seed: int, *, channels_last: bool = False) -> None:
    """Takes a few steps on both sides and compares every number that a step leaves behind."""
    graph, train = experiment.graph, experiment.train
    step = training_step(graph, train.loss, train.sgd)
    given = start(experiment, step, seed)
    kept = {value.value.name for value in (*graph.parameters, *graph.states)}
    beside = TorchNetwork(
        graph,
        {name: array for name, array in given.items() if name in kept},
        train.loss,
        train.sgd,
        channels_last=channels_last,
    )
    image, labels = beside.images(given[graph.inputs[0].name]), torch.from_numpy(given["label"])
    for _ in range(STEPS):
        values = evaluate(step, given)
        loss = beside.step(image, labels)
        np.testing.assert_allclose(loss.item(), values["loss"] / IMAGES, rtol=1e-9, atol=1e-9)
        given |= {update.old.name: values[update.new.name] for update in step.updates}
    for name in kept:
        np.testing.assert_allclose(
            beside.values[name].detach().numpy(), given[name], rtol=1e-6, atol=1e-8, err_msg=name
        )


def spec(body: str, loss: str = "cross_entropy", outputs: int = 3) -> Experiment:
    text = f"net n {{ input 2x7x6; {body}; dense {outputs} }}\n" + RECIPE.format(loss=loss)
    experiment, report = examined(text)
    assert not report.failed, [diagnostic.message for diagnostic in report.diagnostics]
    return experiment


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_step_of_each_kind_of_layer_is_the_oracles(body: str, channels_last: bool) -> None:
    agree(spec(body), seed=1, channels_last=channels_last)


@pytest.mark.parametrize("function", [name for name in ACTIVATIONS if name != "identity"])
def test_a_step_of_each_activation_is_the_oracles(function: str) -> None:
    agree(spec(f"conv 2 3 {function}; {function}"), seed=2)


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("loss", LOSSES)
def test_a_step_of_each_loss_is_the_oracles(loss: str, outputs: int) -> None:
    if (loss, outputs) != ("cross_entropy", 1):
        agree(spec("conv 2 3 tanh", loss, outputs), seed=3)


@given(valid_specs(), st.integers(0, 999))
def test_steps_of_a_random_spec_are_the_oracles(text: str, seed: int) -> None:
    for chance in ("0.25", "0.5"):
        text = text.replace(f"dropout {chance}", "dropout 0")
    experiment, _ = examined(text)
    assume(any(parameter.rate_factor for parameter in experiment.graph.parameters))  # PyTorch wants something to train
    assume("upsample" not in text or not ("pool max" in text or "maxout" in text))  # equal sums, told apart by rounding
    agree(experiment, seed)


def test_every_operation_of_a_checked_graph_has_a_rule() -> None:
    assert RULES.keys() == CHECKED

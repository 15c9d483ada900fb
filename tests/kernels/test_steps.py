"""Whole training steps of a net with nearly every layer, beside the oracle: kernels, plan and driver together."""

from typing import Any, get_args

import numpy as np
import pytest

from netspec.compiler import step_graph
from netspec.diagnostics.text import Source
from netspec.frontend import examine
from netspec.ir.evaluate import evaluate
from netspec.ir.graph import Graph, Value
from netspec.ir.initialize import initialize
from netspec.ir.operations import LossName
from netspec.ir.recipe import Experiment
from netspec.targets.target import Target
from tests.kernels.backends import Backend
from tests.kernels.harness import filled_machine

EVERYTHING = """
net everything {
    input 3x14x14
    conv 8 3x3 pad=1 elu
    lrn size=5
    pool max 3x3 stride=2 round=ceil
    sum { conv 8 3x3 pad=1; batchnorm relu } {} gelu
    dropout 0.3
    concat { conv 4 1x1 silu } { depthwise 3x3 pad=1 tanh } { upsample 2; pool avg 2x2 }
    local 6 3x3 pad=1 softplus
    deconv 5 3x3 stride=2 leaky_relu(0.1)
    pool avg 3x3 stride=2 pad=1
    conv 8 3x3 relu6
    maxout 2
    batchnorm
    dense 12 sigmoid
    dense 5
}
"""
IMAGES = (24, 19, 17)
"""live images of each step, of a batch of 24"""
SEED, RATE = 7, 0.1


def experiment(loss: LossName) -> Experiment:
    train = f"train {{ loss {loss}; sgd rate={RATE} momentum=0.9 decay=1e-3 nesterov; batch 24 }}"
    checked, report = examine(Source("everything.net", EVERYTHING + train))
    assert not report.failed, report.sorted()
    assert isinstance(checked, Experiment)
    return checked


def fed(graph: Graph, images: int, generator: np.random.Generator) -> dict[str, Any]:
    def array(value: Value) -> Any:
        if value.name == "rate":
            return np.float32(RATE)
        if value.dtype == "int32":
            return generator.integers(0, 5, images).astype(np.int32)
        return generator.standard_normal((images, *value.shape), np.float32)

    return {value.name: array(value) for value in graph.inputs}


def steps_agree(backend: Backend, loss: LossName, target: int | Target, threads: int) -> None:
    """Three steps; after each, loss, number of right answers, weights and states are the oracle's."""
    graph = step_graph(experiment(loss))
    machine = filled_machine(backend, graph, max(IMAGES), target=target, threads=threads)
    kept: dict[str, Any] = dict(initialize(graph, 3))
    for name, array in kept.items():
        machine.write(name, array)
    generator = np.random.default_rng(3)
    for step, images in enumerate(IMAGES):
        feeds = fed(graph, images, generator)
        for name, array in feeds.items():
            machine.write(name, array)
        wanted = evaluate(graph, kept | feeds, seed=SEED, step=step)
        backend.step(machine, images, step_number=step, seed=SEED)
        kept |= {update.old.name: wanted[update.new.name] for update in graph.updates}
        np.testing.assert_allclose(machine.read("loss"), wanted["loss"], rtol=1e-5)
        np.testing.assert_array_equal(machine.read("correct"), wanted["correct"])
        for name, array in kept.items():
            scale = max(1e-3, float(np.abs(array).max()))
            np.testing.assert_allclose(machine.read(name), array, rtol=0, atol=5e-5 * scale, err_msg=name)


@pytest.mark.slow  # some thirty kernels for each target, all compiled
@pytest.mark.parametrize("target", [0, 1])
@pytest.mark.parametrize("loss", get_args(LossName))
def test_three_steps_under_every_loss_are_the_oracle_s(backend: Backend, loss: LossName, target: int) -> None:
    steps_agree(backend, loss, target, threads=2)

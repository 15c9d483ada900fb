"""Equal bits: many steps a call, a step a call and launch by launch, and two machines that do the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspec.bench.suite.row import Deadline, Row
from netspec.compiler import step_graph, training_program
from netspec.diagnostics.text import Source as Text
from netspec.frontend import check_experiment
from netspec.ir.recipe import Experiment
from netspec.runtime.cuda.device import CudaDevice
from netspec.runtime.cuda.machine import CudaMachine
from netspec.runtime.feed import Pass, Source

NET = """net bits {
    input 3x9x8
    conv 8 3x3 pad=1 nobias
    batchnorm relu
    sum { conv 8 3x3 pad=1 nobias; batchnorm } {} relu
    pool max 2x2
    dropout 0.3
    dense 5
}
augment { shift 1; mirror; brightness 0.2; noise 0.1 }
train { loss cross_entropy; sgd rate=0.05 momentum=0.9 decay=1e-3; batch 16 }
"""
IMAGES, BATCH, STEPS, SEED, RATE = 75, 16, 5, 7, 0.05
"""so that the last minibatch is short"""
Numbers = Mapping[str, NDArray[Any]]
Steps = Callable[[CudaMachine, Pass], NDArray[Any]]
"""`STEPS` steps of a pass in some way; their losses and right answers (steps, 2)."""


def judge_bits(device: CudaDevice, deadline: Deadline) -> Iterator[Row]:
    """A row for each way to do the same steps: it fails where a bit of a weight, a state or a loss differs."""
    experiment = check_experiment(Text("bits", NET))
    wanted = _trained(device, experiment, _at_once)
    for name, steps in (("the same again", _at_once), ("a step a call", _one_by_one), ("walked", _walked)):
        found = _trained(device, experiment, steps)
        wrong = [key for key, array in wanted.items() if array.tobytes() != found[key].tobytes()]
        remark = f"other bits in {', '.join(wrong)}" if wrong else ""
        yield Row(name, "failed" if wrong else "passed", remark, {"arrays": len(wanted), "wrong": len(wrong)})


def _trained(device: CudaDevice, experiment: Experiment, steps: Steps) -> Numbers:
    """All weights, states and losses after the steps."""
    program = training_program(experiment, device.target, BATCH)
    machine, graph = device.machine(program), step_graph(experiment)
    try:
        machine.initialize((*graph.parameters, *graph.states), SEED)
        losses = steps(machine, _feed())
        arrays = {update.old.name: machine.read(update.old.name) for update in program.updates}
        return {**arrays, "the losses": losses}
    finally:
        machine.close()


def _feed() -> Pass:
    generator = np.random.default_rng(4)
    images = generator.integers(0, 256, (IMAGES, 3, 9, 8)).astype(np.uint8)
    labels = generator.integers(0, 5, IMAGES).astype(np.int32)
    source = Source(images, labels, np.full(3, 120, np.float32), np.full(3, 0.01, np.float32))
    return Pass(source, generator.permutation(IMAGES).astype(np.int64), seed=SEED, epoch=2)


def _rates(steps: int) -> NDArray[np.float64]:
    return np.full((steps, 1), RATE)


def _at_once(machine: CudaMachine, feed: Pass) -> NDArray[Any]:
    return machine.run(feed, first=0, step_number=0, rates=_rates(STEPS))


def _one_by_one(machine: CudaMachine, feed: Pass) -> NDArray[Any]:
    losses = (machine.run(feed, first=k * BATCH, step_number=k, rates=_rates(1)) for k in range(STEPS))
    return np.concatenate(list(losses))


def _walked(machine: CudaMachine, feed: Pass) -> NDArray[Any]:
    rates = _rates(1)
    losses = (
        machine.walk(feed, first=k * BATCH, step_number=k, rates=rates, watch=lambda _: None) for k in range(STEPS)
    )
    return np.concatenate(list(losses))

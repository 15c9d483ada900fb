"""The same bits on any number of threads: the order of every sum is a function of the plan alone."""

import gc
from typing import Any

import numpy as np
import pytest

from netspec.compiler import training_program
from netspec.ir.initialize import initialize
from netspec.ir.recipe import Experiment
from netspec.resources import bundled_specs
from netspec.runtime.cpu.host import host_target
from netspec.runtime.cpu.machine import CpuMachine
from netspec.runtime.feed import Pass, Source
from tests.kernels.harness import CACHE_DIR
from tests.schedule.nets import bundled, experiment, step_graph

TEAMS = (2, 3, 4, 8)
"""What is compared with one thread: even and uneven shares of the lane groups, and more threads than those."""
RATE = 1e-3
MANY_STEPS, FEW_STEPS = 50, 3
MANY_BATCH, FEW_BATCH = 64, 2
SLOW_SPECS = (
    "alexnet",
    "cifar10_resnet9",
    "mobilenet_v2",
    "mobilenet_v2_cifar",
    "resnet18",
    "resnet18_cifar",
    "resnet50",
    "squeezenet",
    "vgg16",
    "vgg16_bn",
    "vgg16_cifar",
)
"""Specs whose step takes more than a fifth of a second."""
SMALL = """
net small {
    input 2x13x13
    conv 5 3x3 pad=1 nobias
    batchnorm relu
    sum { conv 5 3x3 pad=1 } {} relu
    depthwise 3x3 pad=same stride=2
    batchnorm
    dropout 0.2
    pool max 2x2
    dense 9 tanh
    dense 3
}
train { sgd rate=0.1 momentum=0.9 decay=1e-4 }
"""


def made_up(net: Experiment, images: int, given: int) -> Pass:
    """A feed of `images` in all, taken round and round from `given` ones of the net's input shape."""
    draw = np.random.default_rng(4)
    channels, *sizes = net.graph.inputs[0].shape
    classes = max(2, net.graph.outputs[0].elements)
    source = Source(
        images=draw.integers(0, 256, (given, channels, *(sizes or (1, 1)))).astype(np.uint8),
        labels=draw.integers(0, classes, given).astype(np.int32),
        mean=np.full(channels, 128.0),
        scale=np.full(channels, 1 / 64),
    )
    return Pass(source, np.arange(images) % given, seed=5)


def after(net: Experiment, threads: int, batch: int, steps: int) -> dict[str, Any]:
    """All that is kept from step to step, after `steps` steps of which the last has a short batch, and what each
    step told."""
    program = training_program(net, host_target(), batch)
    machine = CpuMachine(program, threads, cache_dir=CACHE_DIR)
    for name, array in initialize(step_graph(net), 1).items():
        machine.write(name, array)
    feed = made_up(net, steps * batch - batch // 3, 2 * batch)
    told = machine.run(feed, first=0, step_number=0, rates=np.full((steps, 1), RATE))
    kept = {value.name: machine.read(value.name) for value in (*program.parameters, *program.states)}
    return kept | {"told": told}


def compare(net: Experiment, batch: int, steps: int) -> None:
    wanted = after(net, 1, batch, steps)
    assert all(np.isfinite(array).all() for array in wanted.values())
    for threads in TEAMS:
        gc.collect()
        found = after(net, threads, batch, steps)
        for name, array in wanted.items():
            np.testing.assert_array_equal(found[name], array, err_msg=f"{name} on {threads} threads")


@pytest.mark.parametrize("batch", [24, 64])
def test_a_small_net_gets_the_same_bits_on_any_number_of_threads(batch: int) -> None:
    compare(experiment(SMALL), batch, 4)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.long if name in SLOW_SPECS else pytest.mark.slow)
        for name in bundled_specs()
    ],
)
def test_a_bundled_spec_gets_the_same_bits_on_any_number_of_threads(name: str) -> None:
    slow = name in SLOW_SPECS
    compare(bundled(name), FEW_BATCH if slow else MANY_BATCH, FEW_STEPS if slow else MANY_STEPS)

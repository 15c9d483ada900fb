"""Twenty training steps of whole nets through the CUDA kernels: their rounding beside that of the CPU's kernels."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from netspec.compiler import step_graph
from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment
from netspec.ir.evaluate import evaluate
from netspec.ir.graph import Graph, Value
from netspec.ir.initialize import initialize
from tests.kernels.backends import Backend
from tests.kernels.cpu.backend import CPU
from tests.kernels.cuda.backend import CudaBackend
from tests.kernels.harness import filled_machine

IMAGES, STEPS, SEED, RATE, CLASSES = 8, 20, 5, 0.02, 5
DRIFT = 3
"""The drift from float64 arithmetic that is allowed, as a multiple of the CPU's."""
NETS = {
    "lenet": "input 1x14x14; conv 6 5x5 relu; pool max 2x2; conv 8 3x3 relu; dense 20 relu; dense 5",
    "residual": """input 3x8x8; conv 8 3x3 pad=1 nobias; batchnorm relu
        repeat 2 { sum { conv 8 3x3 pad=1 nobias; batchnorm relu; conv 8 3x3 pad=1 nobias; batchnorm } {} relu }
        pool avg global; dense 5""",
    "mobilenet": """input 3x8x8; conv 8 3x3 pad=1 nobias; batchnorm relu6
        sum { conv 24 1x1; batchnorm relu6; depthwise 3x3 pad=1; batchnorm relu6; conv 8 1x1; batchnorm } {}
        pool avg global; dense 5""",
    "squeezenet": """input 3x9x9; conv 8 3x3 stride=2 relu; conv 4 1x1 relu
        concat { conv 8 1x1 relu } { conv 8 3x3 pad=1 relu }
        dropout 0.5; conv 5 1x1 relu; pool avg global; flatten""",
    "deconv and local": """input 2x6x6; conv 4 3x3 stride=2 pad=1 elu; deconv 4 2x2 stride=2 tanh; local 4 3x3 relu
        lrn size=3; pool max 2x2; maxout 2; dense 5""",
}


def graph_of(body: str) -> Graph:
    text = (
        f"net n {{ {body} }}\ntrain {{ loss cross_entropy; sgd rate={RATE} momentum=0.9 decay=1e-3; batch {IMAGES} }}"
    )
    return step_graph(check_experiment(Source("nets.net", text)))


def minibatches(graph: Graph) -> Iterator[dict[str, Any]]:
    """The same twenty for every arithmetic."""
    generator = np.random.default_rng(SEED)

    def array(value: Value) -> Any:
        if value.name == "rate":
            return np.float32(RATE)
        if value.dtype == "int32":
            return generator.integers(0, CLASSES, IMAGES).astype(np.int32)
        return generator.standard_normal((IMAGES, *value.shape), np.float32)

    for _ in range(STEPS):
        yield {value.name: array(value) for value in graph.inputs}


def exact(graph: Graph) -> dict[str, Any]:
    """The weights after all steps in float64."""
    kept: dict[str, Any] = {name: array.astype(np.float64) for name, array in initialize(graph, SEED).items()}
    for step, feeds in enumerate(minibatches(graph)):
        values = evaluate(graph, kept | feeds, seed=SEED, step=step)
        kept = {update.old.name: values[update.new.name] for update in graph.updates}
    return kept


def by_kernels(backend: Backend, graph: Graph) -> dict[str, Any]:
    """The weights after all steps on a backend."""
    machine = filled_machine(backend, graph, IMAGES)
    machine.load(initialize(graph, SEED))
    for step, feeds in enumerate(minibatches(graph)):
        for name, array in feeds.items():
            machine.write(name, array)
        backend.step(machine, IMAGES, step_number=step, seed=SEED)
    return {update.old.name: machine.read(update.old.name) for update in graph.updates}


def drift(found: dict[str, Any], wanted: dict[str, Any]) -> float:
    """The distance of all weights from the exact ones, as a part of their norm."""
    squares = sum(float(((found[name] - array) ** 2).sum()) for name, array in wanted.items())
    return (squares / sum(float((array**2).sum()) for array in wanted.values())) ** 0.5


@pytest.mark.slow
@pytest.mark.parametrize("name", NETS)
def test_twenty_steps_drift_at_most_three_times_as_far_as_those_of_the_cpu(name: str) -> None:
    graph = graph_of(NETS[name])
    wanted = exact(graph)
    cpu, cuda = (drift(by_kernels(backend, graph), wanted) for backend in (CPU, CudaBackend(thorough=False)))
    assert 0 < cuda <= DRIFT * cpu

"""Figures of every layer in a step: right by the oracle, and no bit of the training changed by them."""

import math
from dataclasses import replace

import numpy as np
import pytest

from netspec.ir import operations as ops
from netspec.ir.evaluate import evaluate
from netspec.runtime.device import Device
from netspec.train.events import EpochDone, Finished
from netspec.train.loop import train
from netspec.train.run.metrics import Line, line_of
from netspec.train.step.snapshot import Position, Snapshot
from netspec.train.training import Training
from netspec.train.watch.layer_statistics import LayerStatistics
from netspec.train.watch.sample import UNSAMPLED
from tests.kernels.backends import Backend
from tests.train.test_loop import DIGITS, data_of, experiment_of, same

PLAIN = """net n { input 1x8x8; conv 4 3x3 pad=1 relu; conv 5 3x3 relu; pool max 2x2; dense 6 tanh; dense 10 }
data digits take=40
train { sgd rate=0.1 momentum=0.9 decay=1e-3; schedule constant; batch all; epochs 1; seed 5 }
"""


@pytest.fixture(scope="module")
def device(backend: Backend) -> Device:
    """On two threads, where there are any."""
    return backend.device(2)


def measured_of(device: Device, text: str, *settings: str, statistics: bool = True) -> Training:
    experiment = experiment_of(text, *settings)
    start = Snapshot(Position(), {})
    return Training(experiment, data_of(experiment), device, start, statistics=statistics)


def test_figures_are_those_of_the_oracle(device: Device) -> None:
    training = measured_of(device, PLAIN)
    before, feed = training.weights(), training.batches().feed
    training.advance(training.batches())
    after = training.weights()
    rows = {row.layer: row for row in training.position.sample.layers}
    assert list(rows) == [layer.name for layer in training.experiment.graph.layers]
    source = feed.source
    images = source.images[feed.order].astype(np.float64) - source.mean[:, None, None]
    images *= source.scale[:, None, None]
    graph = training.experiment.graph
    outputs = tuple(layer.output for layer in graph.layers[1:])
    arrays = evaluate(replace(graph, outputs=outputs), {**before, graph.inputs[0].name: images})
    launches = training.machine.program.launches
    fused = any(isinstance(launch.operation, ops.PooledConvolution) for launch in launches)
    pooled = {"conv2": "pool1"} if fused else {}  # where that map is pooled before it is stored
    for layer in graph.layers[1:]:
        kept = pooled.get(layer.output.name, layer.output.name)
        found, row = arrays[kept], rows[layer.name]
        assert (row.mean, row.deviation) == pytest.approx((found.mean(), found.std()), rel=1e-4, abs=1e-5)
    for layer in graph.layers:
        row = rows[layer.name]
        if not layer.owned:
            assert row.weight is row.update is row.ratio is None
            continue
        weight = math.sqrt(sum(np.square(before[name], dtype=np.float64).sum() for name in layer.owned))
        change = [np.subtract(after[name], before[name], dtype=np.float64) for name in layer.owned]
        update = math.sqrt(sum(np.square(part).sum() for part in change))
        assert (row.weight, row.update, row.ratio) == pytest.approx((weight, update, update / weight), rel=1e-6)
        assert update > 0


@pytest.mark.parametrize("batch", [40, 7])
def test_asking_for_figures_changes_no_bit(device: Device, batch: int) -> None:
    def end(*, statistics: bool) -> tuple[Finished, list[Line]]:
        experiment = experiment_of(DIGITS, f"train.batch={batch}")
        events = list(train(experiment, data_of(experiment), device=device, statistics=statistics))
        assert isinstance(events[-1], Finished)
        return events[-1], [line_of(event) for event in events if isinstance(event, EpochDone)]

    (plain, lines), (measured, told) = end(statistics=False), end(statistics=True)
    assert same(plain.weights, measured.weights)
    assert [line.train_loss for line in lines] == [line.train_loss for line in told]
    assert not any(line.layers for line in lines)
    assert all([layer.layer for layer in line.layers][:2] == ["input", "conv1"] for line in told)


def test_an_epoch_begins_without_figures(device: Device) -> None:
    training = measured_of(device, PLAIN)
    training.advance(training.batches())
    training.end_epoch(None)
    assert training.position.sample == UNSAMPLED


def test_of_no_weights_there_is_no_ratio() -> None:
    assert LayerStatistics("l", 0.0, 0.0).ratio is None
    assert LayerStatistics("l", 2.0, 0.5).ratio == 0.25

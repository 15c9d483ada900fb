"""A few minibatches looked into: which, what they show, and that they change no bit."""

from dataclasses import replace

import numpy as np
import pytest

from netspec.runtime.device import Device
from netspec.train import training as training_module
from netspec.train.step.snapshot import Position, Snapshot
from netspec.train.training import Training
from netspec.train.watch.sample import Sample, flat_functions, sampled_steps, undecided
from tests.kernels.backends import Backend
from tests.train.test_loop import DIGITS, data_of, experiment_of, same

DYING = """net n { input 1x8x8; conv 4 3x3; batchnorm relu; dense 8 sigmoid as wide; dense 6 relu as low; dense 10 }
data digits take=200
train { sgd rate=0.01; batch 24; epochs 2 }
"""


def training_of(device: Device, text: str, *settings: str, **weights: np.ndarray) -> Training:
    experiment = experiment_of(text, *settings)
    start = {name.replace("_", "."): array.astype(np.float32) for name, array in weights.items()}
    return Training(experiment, data_of(experiment), device, Snapshot(Position(), start))


def epoch(training: Training) -> Training:
    batches = training.batches()
    while training.position.step < training.end_step:
        training.advance(batches)
    return training


@pytest.mark.parametrize(
    ("images", "batch", "steps"),
    [
        (1000, 64, range(14, 15)),
        (1024, 64, range(15, 16)),
        (1000, 24, range(38, 41)),
        (50, 1, range(50)),
        (100, 100, range(1)),
        (70, 40, range(1)),
        (200, 1, range(136, 200)),
    ],
)
def test_whole_minibatches_at_the_end_of_an_epoch_are_sampled(images: int, batch: int, steps: range) -> None:
    assert sampled_steps(images, batch) == steps


def test_a_sample_is_undecided_while_a_layer_may_be_dead() -> None:
    assert undecided(Sample())
    assert undecided(Sample(64, ("low",)))
    assert not undecided(Sample(64))


def test_layers_that_are_off_or_saturated_for_all_images_are_flat(device: Device) -> None:
    training = epoch(training_of(device, DYING, low_bias=np.full(6, -1e3)))
    assert training.position.sample == Sample(72, ("low",))
    training = epoch(training_of(device, DYING, wide_bias=np.full(8, 30)))
    assert training.position.sample == Sample(72, ("wide",))
    assert flat_functions(training.machine.program, ("wide", "low")) == {"wide": "sigmoid", "low": "relu"}


def test_a_sample_ends_where_every_layer_is_seen_alive(device: Device) -> None:
    bias = np.full(8, 30)
    bias[3] = 0
    assert epoch(training_of(device, DYING, wide_bias=bias)).position.sample == Sample(24)


@pytest.mark.parametrize("settings", [(), ("train.batch=200",), ("train.batch=7",)])
def test_looking_changes_no_bit(backend: Backend, monkeypatch: pytest.MonkeyPatch, settings: tuple[str, ...]) -> None:
    looked = epoch(training_of(backend.device(), DIGITS, *settings))
    monkeypatch.setattr(training_module, "sampled_steps", lambda *_: range(0))
    monkeypatch.setattr(type(looked.machine), "walk", None)
    plain = epoch(training_of(backend.device(2), DIGITS, *settings))
    assert same(looked.weights(), plain.weights())
    assert looked.position.sample.images > 0
    assert plain.position.sums == looked.position.sums
    assert plain.position == replace(looked.position, sample=Sample())


def test_neither_threads_nor_steps_a_call_change_a_sample(backend: Backend) -> None:
    whole = epoch(training_of(backend.device(), DYING, low_bias=np.full(6, -1e3)))
    single = training_of(backend.device(3), DYING, low_bias=np.full(6, -1e3))
    batches = single.batches()
    while single.position.step < single.end_step:
        assert single.advance(batches, most=1) == 1
    assert single.position.sample == whole.position.sample
    assert same(single.weights(), whole.weights())

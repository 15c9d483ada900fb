"""The guard finds the very step, and the state before it, however many steps come in a call."""

from typing import Any

import numpy as np
import pytest

from netspec.diagnostics.failure import CompilerBug, DivergedError
from netspec.runtime.device import Device
from netspec.runtime.pace import Pace
from netspec.train.events import Diverged, Event, Started
from netspec.train.guard import Guard
from netspec.train.loop import train
from netspec.train.step.snapshot import Position, Snapshot
from netspec.train.training import Training
from tests.kernels.backends import Backend
from tests.train.test_loop import DIGITS, data_of, experiment_of, same

EXPLODING = ("train.sgd.rate=30", "train.sgd.momentum=0.99", "train.schedule.warmup=0", "train.batch=8")


def training_of(device: Device, *settings: str) -> Training:
    experiment = experiment_of(DIGITS.replace("nobias; batchnorm relu", "relu"), *settings)
    return Training(experiment, data_of(experiment), device, Snapshot(Position(), {}))


def end_of(training: Training, pace: Any = None) -> Diverged:
    """Trains until the guard finds something."""
    guard = Guard(training)
    while True:
        batches = training.batches()
        while training.position.step < training.end_step:
            training.pace.step_seconds = pace or training.pace.step_seconds
            found = guard.advance(batches)
            if found:
                return found
        found = guard.end_steps(batches)
        if found:
            return found
        training.end_epoch(None)


@pytest.fixture(scope="module")
def found(device: Device) -> Diverged:
    return end_of(training_of(device, *EXPLODING))


def test_the_first_step_that_leaves_something_infinite_is_found(device: Device, found: Diverged) -> None:
    training = training_of(device, *EXPLODING)
    while training.position.step < found.before.position.step:
        if training.position.step == training.end_step:
            training.end_epoch(None)
        training.advance(training.batches(), most=1)
        assert not training.broken
        assert training.sound()
    snapshot = training.snapshot()
    assert snapshot is not None
    assert same(snapshot.arrays, found.before.arrays)
    assert found.before.position.step > 0
    training.advance(training.batches(), most=1)
    assert training.broken or not training.sound()


@pytest.mark.parametrize(("threads", "step_seconds"), [(1, 1.0), (2, 1e-3), (3, 1e-7)])
def test_neither_threads_nor_steps_a_call_change_what_is_found(
    backend: Backend, threads: int, step_seconds: float, found: Diverged
) -> None:
    again = end_of(training_of(backend.device(threads), *EXPLODING), step_seconds)
    assert again.numerics == found.numerics
    assert again.before.position.step == found.before.position.step
    assert again.before.position.sums == found.before.position.sums


def test_weights_that_break_while_losses_stay_finite_are_noticed(device: Device) -> None:
    training = training_of(device, "train.batch=8")
    batches, guard = training.batches(), Guard(training)
    training.pace = _Single()

    def go_on() -> None:
        assert guard.advance(batches) is None
        guard.end_steps(batches)

    assert guard.advance(batches) is None
    training.machine.write("conv1.bias", np.full(4, -np.inf, np.float32))  # relu turns it to 0: the loss is finite
    with pytest.raises(CompilerBug, match="leaves them whole when it is taken again"):  # nobody's step did it
        go_on()


class _Single(Pace):
    @property
    def steps(self) -> int:
        return 1


def test_the_event_comes_before_the_error(device: Device) -> None:
    experiment = experiment_of(DIGITS, "train.sgd.rate=1e25", "train.schedule.warmup=0")
    seen, events = list[Event](), train(experiment, data_of(experiment), device=device)
    with pytest.raises(DivergedError):
        seen.extend(events)
    assert isinstance(seen[0], Started)
    assert isinstance(seen[-1], Diverged)


def test_a_sound_training_keeps_its_bits_under_guard(device: Device) -> None:
    plain, guarded = training_of(device), training_of(device)
    batches, guard = plain.batches(), Guard(guarded)
    while plain.position.step < plain.end_step:
        plain.advance(batches)
    while guarded.position.step < guarded.end_step:
        assert guard.advance(batches) is None
    assert guard.end_steps(batches) is None
    assert same(plain.weights(), guarded.weights())
    assert plain.position == guarded.position

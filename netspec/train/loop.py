"""The training loop: epochs of shuffled minibatches, measured after each. Yields events and prints nothing."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass, field
from itertools import takewhile
from time import perf_counter

import numpy as np

from netspec.compiler import training_program
from netspec.data.dataset import Dataset, Part
from netspec.diagnostics.failure import DivergedError
from netspec.ir.initialize import initialize
from netspec.ir.recipe import Experiment
from netspec.runtime.machine import Array, Machine
from netspec.train.device import Device
from netspec.train.events import EpochDone, Event, Finished, Phase, Progress, Scores, Started, Weights
from netspec.train.feeds import epoch_feed
from netspec.train.limits import check_trainable
from netspec.train.pace import Pace
from netspec.train.preparation import prepared
from netspec.train.schedules import Moment, rate_at
from netspec.train.scoring import Judge, Tally
from netspec.train.weights import expected_shapes


def train(
    experiment: Experiment, dataset: Dataset, *, device: Device, weights: Weights | None = None
) -> Generator[Event, None, None]:
    """Trains the net of a checked experiment; the events begin with `Started` and end with `Finished`.

    `weights` are what to start from (default: drawn from the seed), by name as in `weights.expected_shapes`. The same
    experiment, data, kind of processor and start give the same bits whatever the number of threads.

    Raises SpecError (E450 to E453) before anything else where the recipe asks for what cannot run, DivergedError
    (E460) after the first step whose loss is not finite and where the weights have no finite loss, DeviceError where
    the machine is too small.
    """
    check_trainable(experiment)
    training = _begin(experiment, dataset, device, weights)
    begin = perf_counter()
    yield _started(training)
    epochs = experiment.train.epochs
    for epoch in range(1, epochs):
        yield (yield from _epoch(training, epoch))
    yield (last := (yield from _epoch(training, epochs)))
    test = yield from _measure(training, "test", dataset.test, epochs)
    steps, seconds, kept = training.step, perf_counter() - begin, training.weights()
    _guard_weights(training, kept)
    yield Finished(epochs, steps, seconds, last.training, last.validation, test, kept)


@dataclass
class _Training:
    """A training under way. `step` counts the steps done; `rate` is the last step's."""

    experiment: Experiment
    dataset: Dataset
    machine: Machine
    judge: Judge | None
    batch: int
    step: int = 0
    rate: float = 0.0
    pace: Pace = field(default_factory=Pace)
    validation_losses: tuple[float, ...] = ()

    @property
    def steps_per_epoch(self) -> int:
        return -(-len(self.dataset.train) // self.batch)

    def weights(self) -> Weights:
        return {name: self.machine.read(name) for name in expected_shapes(self.experiment.graph)}

    def rate_of(self, step: int) -> float:
        """The learning rate of a step, counted from zero."""
        recipe, steps = self.experiment.train, self.steps_per_epoch
        moment = Moment(step / steps, (step + 1) / steps, recipe.epochs, self.validation_losses)
        return rate_at(recipe.schedule, recipe.sgd.rate, moment)


def _begin(experiment: Experiment, dataset: Dataset, device: Device, weights: Weights | None) -> _Training:
    images = len(dataset.train)
    batch = min(experiment.train.batch or images, images)
    machine = device.machine(training_program(experiment, device.target, batch))
    for name, array in {**initialize(experiment.graph, experiment.train.seed), **(weights or {})}.items():
        machine.write(name, array)
    measured = dataset.validation or dataset.test
    judge = Judge(experiment, prepared(dataset), device) if measured else None
    return _Training(experiment, dataset, machine, judge, batch)


def _started(training: _Training) -> Started:
    dataset, graph = training.dataset, training.experiment.graph
    return Started(
        net=graph.name,
        parameters=sum(parameter.value.elements for parameter in graph.parameters),
        images=len(dataset.train),
        validation_images=len(dataset.validation or ()),
        test_images=len(dataset.test or ()),
        epochs=training.experiment.train.epochs,
        batch=training.batch,
        steps_per_epoch=training.steps_per_epoch,
        arena_bytes=training.machine.program.peak_bytes,
        weights=training.weights,
    )


def _epoch(training: _Training, epoch: int) -> Generator[Progress, None, EpochDone]:
    """One pass over the training part, then over the validation part."""
    recipe, part = training.experiment.train, training.dataset.train
    feed = epoch_feed(part, training.experiment, prepared(training.dataset), epoch - 1)
    begin, tally, first_step, end_step = perf_counter(), Tally(), training.step, epoch * training.steps_per_epoch
    while training.step < end_step:
        steps = _steps_of_one_rate(training, end_step)
        called = perf_counter()
        first = (training.step - first_step) * training.batch
        metrics = training.machine.run(feed, first=first, steps=steps, step_number=training.step, rate=training.rate)
        training.pace.ran(steps, perf_counter() - called)
        _guard_steps(training, metrics)
        training.step += steps
        tally.add(min(steps * training.batch, len(part) - first), metrics)
        if training.pace.due(perf_counter()):
            yield _progress(training, "training", epoch, tally, len(part), perf_counter() - begin)
    seconds = perf_counter() - begin
    validation = yield from _measure(training, "validation", training.dataset.validation, epoch)
    training.validation_losses += (validation.loss,) if validation else ()
    return EpochDone(
        epoch, recipe.epochs, training.step, training.rate, tally.scores, validation, seconds, len(part) / seconds
    )


def _steps_of_one_rate(training: _Training, end_step: int) -> int:
    """How many steps to give the device at once: all have the same learning rate, which becomes the current one."""
    wanted = range(training.step, min(training.step + training.pace.steps, end_step))
    training.rate = training.rate_of(training.step)
    return sum(1 for _ in takewhile(lambda step: training.rate_of(step) == training.rate, wanted))


def _guard_steps(training: _Training, metrics: Array) -> None:
    """Raises DivergedError (E460) naming the first step whose loss is infinite or not a number."""
    broken = np.flatnonzero(~np.isfinite(metrics[:, 0]))
    if len(broken):
        step = training.step + int(broken[0]) + 1
        raise _diverged(training, f"the loss of step {step:,} is {_kind(float(metrics[broken[0], 0]))}")


def _guard_scores(training: _Training, phase: Phase, scores: Scores) -> Scores:
    """The scores, unless the last steps have ruined the weights: then DivergedError (E460)."""
    if not math.isfinite(scores.loss):
        raise _diverged(training, f"the {phase} loss after step {training.step:,} is {_kind(scores.loss)}")
    return scores


def _guard_weights(training: _Training, weights: Weights) -> None:
    """Where nothing is measured, only the weights tell what the last step did. Raises DivergedError (E460)."""
    broken = next((name for name, array in weights.items() if not np.isfinite(array).all()), None)
    if broken is not None:
        raise _diverged(training, f"`{broken}` is not finite after step {training.step:,}")


def _diverged(training: _Training, how: str) -> DivergedError:
    notes = (f"the learning rate of that step was {training.rate:g}",)
    return DivergedError("E460", f"training diverged: {how}", notes=notes, helps=_what_helps(training))


def _kind(loss: float) -> str:
    return "not a number" if math.isnan(loss) else "infinite"


def _what_helps(training: _Training) -> tuple[str, ...]:
    recipe = training.experiment.train
    helps = [f"a smaller learning rate usually helps: `--set train.sgd.rate={recipe.sgd.rate / 10:g}`"]
    if not recipe.schedule.warmup:
        helps.append(f"so does letting it grow at first: `schedule {recipe.schedule.kind} … warmup=1`")
    if training.experiment.data is not None and training.experiment.data.normalize == "none":
        helps.append("and normalised pixels: `normalize=standard`")
    return tuple(helps)


def _measure(
    training: _Training, phase: Phase, part: Part | None, epoch: int
) -> Generator[Progress, None, Scores | None]:
    """Scores of a part with the weights as they are; None where there is no such part. Raises DivergedError (E460)."""
    if not part or training.judge is None:
        return None
    begin, tally = perf_counter(), Tally()
    for tally in training.judge.measure(part, training.weights()):
        if training.pace.due(perf_counter()):
            yield _progress(training, phase, epoch, tally, len(part), perf_counter() - begin)
    return _guard_scores(training, phase, tally.scores)


def _progress(training: _Training, phase: Phase, epoch: int, tally: Tally, of_images: int, seconds: float) -> Progress:
    scores = tally.scores
    return Progress(
        phase=phase,
        epoch=epoch,
        epochs=training.experiment.train.epochs,
        step=training.step,
        images=tally.images,
        of_images=of_images,
        loss=scores.loss,
        accuracy=scores.accuracy,
        images_per_second=tally.images / seconds,
        rate=training.rate,
    )

"""The training loop: epochs of shuffled minibatches, measured after each. Yields events and prints nothing."""

from __future__ import annotations

import math
from collections.abc import Generator
from contextlib import closing
from time import perf_counter

from netspec.data.dataset import Dataset, Part
from netspec.ir.recipe import Experiment
from netspec.runtime.device import Device
from netspec.train.events import Diverged, EpochDone, Event, Finished, Lost, Phase, Progress, Started, Warned
from netspec.train.guard import Guard
from netspec.train.limits import check_trainable
from netspec.train.step.scores import RunningSums, Scores, Weights
from netspec.train.step.snapshot import Elapsed, Position, Snapshot
from netspec.train.training import Training
from netspec.train.watch.dead import dead_layers
from netspec.train.watch.diverged import diverged_error, explosion_warning


def train(
    experiment: Experiment,
    dataset: Dataset,
    *,
    device: Device,
    weights: Weights | None = None,
    start: Snapshot | None = None,
    milestone: int | None = None,
    statistics: bool = False,
) -> Generator[Event, None, None]:
    """Trains the net of a checked experiment; the events begin with `Started` and end with `Finished`.

    `weights` are initial weights by name, as in `weights.expected_shapes` (default: drawn by the seed). With a snapshot
    `start` the training resumes there instead. Equal experiment, data, kind of processor and start give equal bits for
    any number of threads and any number of interruptions. Every `milestone` steps there is an event. With `statistics`
    each EpochDone has statistics of all layers; no bit changes by it.

    Raises SpecError (E453) first of all where the recipe cannot run, UsageError (E477) where `start` is of a training
    with another batch, DeviceError where the machine is too small, and after the event `Diverged` DivergedError (E460):
    a loss or a weight is no longer finite.
    """
    check_trainable(experiment)
    start = start or Snapshot(Position(), weights or {})
    training = Training(experiment, dataset, device, start, milestone, statistics=statistics)
    guard = Guard(training)
    yield _started(training)
    while not training.over:
        yield from _steps(training, guard, milestone)
        ended, losses, elapsed = training.position, training.losses, training.elapsed
        training.end_epoch((yield from _measure(training, "validation", dataset.validation, training.weights())))
        yield _epoch_done(training, ended, losses, elapsed)
        yield from dead_layers(ended, training.machine.program)
    kept = training.kept_weights()
    test = yield from _measure(training, "test", dataset.test, kept)
    yield _finished(training, test, kept)


def _started(training: Training) -> Started:
    dataset, graph = training.dataset, training.experiment.graph
    return Started(
        net=graph.name,
        parameters=sum(parameter.value.elements for parameter in graph.parameters),
        images=len(dataset.train),
        validation_images=len(dataset.validation or ()),
        test_images=len(dataset.test or ()),
        epochs=training.recipe.epochs,
        batch=training.batch,
        steps_per_epoch=training.steps_per_epoch,
        arena_bytes=training.machine.program.peak_bytes,
        weights=training.kept_weights,
        snapshot=training.snapshot,
        epochs_before=training.position.epochs,
    )


Interim = Progress | Lost | Warned | Diverged


def _steps(training: Training, guard: Guard, milestone: int | None) -> Generator[Interim, None, None]:
    """The remaining steps of the current epoch. Raises DivergedError (E460)."""
    if training.position.step == training.end_step:
        return
    with closing(training.batches()) as batches:
        while training.position.step < training.end_step:
            told = training.position.loss_peak.explosion is not None
            yield from _unless(guard.advance(batches), training)
            yield from () if told else _exploded(training)
            yield from _lost(training)
            position = training.position
            if training.pace.due(perf_counter()) or (milestone and position.step % milestone == 0):
                images = len(training.dataset.train)
                yield _progress(training, "training", position.sums, images, training.epoch_seconds)
        yield from _unless(guard.end_steps(batches), training)


def _exploded(training: Training) -> Generator[Warned, None, None]:
    """Warns once that the loss has exploded."""
    explosion = training.position.loss_peak.explosion
    if explosion:
        epoch, rate = training.position.epochs + 1, training.rate_of(explosion.step - 1)
        yield explosion_warning(explosion, epoch, rate, training.experiment)


def _lost(training: Training) -> Generator[Lost, None, None]:
    """Files that have become unreadable since the last call."""
    files = training.lost.new()
    if files:
        yield Lost(files)


def _unless(diverged: Diverged | None, training: Training) -> Generator[Diverged, None, None]:
    """Reports that a training has diverged, and ends it."""
    if diverged:
        yield diverged
        raise diverged_error(diverged, training.experiment)


def _measure(
    training: Training, phase: Phase, part: Part | None, weights: Weights
) -> Generator[Interim, None, Scores | None]:
    """Scores of a part; None without such a part. Raises DivergedError (E460)."""
    if not part or training.evaluator is None:
        return None
    begin, sums = perf_counter(), RunningSums()
    for sums in training.evaluator.measure(part, weights):
        if training.pace.due(perf_counter()):
            yield _progress(training, phase, sums, len(part), perf_counter() - begin)
        yield from _lost(training)
    if not math.isfinite(sums.loss):
        yield from _unless(_measured(training, phase), training)
    return training.scores(sums)


def _measured(training: Training, phase: Phase) -> Diverged:
    """The report of finite weights whose loss is not finite."""
    snapshot = training.snapshot()
    assert snapshot is not None  # between two steps
    return Diverged(phase, training.report_numerics(phase), snapshot)


def _progress(training: Training, phase: Phase, sums: RunningSums, of_images: int, seconds: float) -> Progress:
    scores = training.scores(sums)
    return Progress(
        phase=phase,
        epoch=training.position.epochs + (phase != "test"),
        epochs=training.recipe.epochs,
        step=training.position.step,
        images=sums.images,
        of_images=of_images,
        loss=scores.loss,
        accuracy=scores.accuracy,
        images_per_second=sums.images / seconds,
        rate=training.position.rate,
    )


def _epoch_done(training: Training, ended: Position, losses: tuple[float, ...], elapsed: Elapsed) -> EpochDone:
    """The event of the epoch that has just ended: its losses, its position after the last step, and the seconds of its
    steps, zero where an interruption left them unknown."""
    position, seconds = training.position, elapsed.epoch_seconds
    assert position.training is not None  # an epoch is done
    return EpochDone(
        epoch=position.epochs,
        epochs=training.recipe.epochs,
        step=position.step,
        rate=position.rate,
        training=position.training,
        validation=position.validation,
        seconds=seconds,
        images_per_second=position.training.images / seconds if seconds else 0.0,
        images=position.epochs * len(training.dataset.train),
        losses=losses,
        waited_seconds=elapsed.waited_seconds,
        sample=ended.sample,
    )


def _finished(training: Training, test: Scores | None, kept: Weights) -> Finished:
    position = training.position
    assert position.training is not None  # there is at least one epoch
    return Finished(
        epochs=position.epochs,
        steps=position.step,
        seconds=training.seconds,
        training=position.training,
        validation=position.best if training.kept_epoch != position.epochs else position.validation,
        test=test,
        weights=kept,
        kept_epoch=training.kept_epoch,
        best_epoch=position.early_stopping.best_epoch or None,
    )

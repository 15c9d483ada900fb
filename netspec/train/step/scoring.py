"""Evaluation of weights on a part of the data: without dropout, with running statistics and central crops."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from time import perf_counter

import numpy as np

from netspec.compiler import evaluation_program
from netspec.data.dataset import Part
from netspec.ir.recipe import Experiment
from netspec.runtime.device import Device
from netspec.runtime.feed import Pass, Rates
from netspec.runtime.machine import Array, Machine
from netspec.runtime.pace import Pace
from netspec.train.step.batch_source import BatchSource, Passes, ready_steps
from netspec.train.step.preparation import Preparation
from netspec.train.step.scores import RunningSums, Weights
from netspec.train.watch.numerics import NumericsReport, report_numerics
from netspec.train.watch.probe import finite

MEASURING_BATCH = 64
"""Minibatch of an evaluation; constant, so that results do not depend on the spec's batch."""


class Evaluator:
    """Evaluates weights of one net. Its program is compiled once and used after every epoch."""

    def __init__(self, experiment: Experiment, preparation: Preparation, device: Device) -> None:
        self._experiment, self._preparation, self._readers = experiment, preparation, device.readers
        self._machine = device.machine(evaluation_program(experiment, device.target, MEASURING_BATCH))
        self._passes: dict[Part, Passes] = {}

    def measure(self, part: Part, weights: Weights) -> Iterator[RunningSums]:
        """The sums so far, about ten times a second and at last over all images, at least one."""
        self._machine.load(weights)
        sums = RunningSums()
        with closing(self._batches(part)) as batches:
            for images, metrics in run_in_calls(self._machine, batches, MEASURING_BATCH):
                sums = sums.plus(images, metrics)
                yield sums

    def report_numerics(self, part: Part, weights: Weights) -> NumericsReport:
        """The numerics report of the first minibatch whose loss is not finite, or else of the last one."""
        self._machine.load(weights)
        with closing(self._batches(part)) as batches:
            first = self._broken_minibatch(batches, len(part))
            batches.ready(first, MEASURING_BATCH)
            graph = self._experiment.graph
            return report_numerics(self._machine, graph, batches.feed, first=first, step_number=0, rates=unmoved(1))

    def _broken_minibatch(self, batches: BatchSource, images: int) -> int:
        """Index of the first image of the first minibatch whose loss is not finite, or else of the last one."""
        begins = range(0, images, MEASURING_BATCH)
        for first in begins:
            batches.ready(first, MEASURING_BATCH)
            if not finite(self._machine.run(batches.feed, first=first, step_number=0, rates=unmoved(1))):
                return first
            batches.release(first)
        return begins[-1]

    def observe(self, part: Part, weights: Weights) -> Iterator[tuple[RunningSums, Array]]:
        """As `measure`, with the outputs (n, K) of the images that each call added."""
        self._machine.load(weights)
        pace, first, sums = Pace(), 0, RunningSums()
        with closing(self._batches(part)) as batches:
            while first < len(part):
                steps, begin = min(pace.steps, ready_steps(batches, first, MEASURING_BATCH)), perf_counter()
                piece = slice(first, first + steps * MEASURING_BATCH)
                found = self._machine.outputs(_piece(batches.feed, piece))
                pace.ran(steps, perf_counter() - begin)
                first += len(found.arrays)
                batches.release(first)
                sums = sums.plus(len(found.arrays), found.metrics)
                yield sums, found.arrays

    def outputs(self, part: Part, weights: Weights) -> Array:
        """The net's outputs for all images, (N, K); a call takes about a tenth of a second, so that Ctrl-C works."""
        return np.concatenate([outputs for _, outputs in self.observe(part, weights)])

    def _batches(self, part: Part) -> BatchSource:
        if part not in self._passes:
            self._passes[part] = Passes(
                part, self._experiment, self._preparation, batch=MEASURING_BATCH, readers=self._readers
            )
        return self._passes[part].measuring()


def unmoved(steps: int) -> Rates:
    """The rates of `steps` that update no weights: no columns."""
    return np.empty((steps, 0))


def _piece(feed: Pass, piece: slice) -> Pass:
    """A slice of a pass as a pass."""
    return replace(feed, order=feed.order[piece], slots=None if feed.slots is None else feed.slots[piece])


def run_in_calls(machine: Machine, batches: BatchSource, batch: int) -> Iterator[tuple[int, Array]]:
    """Runs a whole pass in calls of about a tenth of a second; yields (images, metrics) of each call."""
    pace, total, first = Pace(), len(batches.feed.order), 0
    while first < total:
        steps = min(pace.steps, ready_steps(batches, first, batch))
        begin = perf_counter()
        metrics = machine.run(batches.feed, first=first, step_number=0, rates=unmoved(steps))
        pace.ran(steps, perf_counter() - begin)
        images = min(steps * batch, total - first)
        first += images
        batches.release(first)
        yield images, metrics

"""Loss and accuracy of a part of the data with given weights: no dropout, running statistics, crops in the centre."""

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
"""Images at a time where nothing is learnt, so that figures do not depend on the spec's batch."""


class Evaluator:
    """Measures weights of one net; compiled once, used after every epoch."""

    def __init__(self, experiment: Experiment, preparation: Preparation, device: Device) -> None:
        self._experiment, self._preparation, self._readers = experiment, preparation, device.readers
        self._machine = device.machine(evaluation_program(experiment, device.target, MEASURING_BATCH))
        self._passes: dict[Part, Passes] = {}

    def measure(self, part: Part, weights: Weights) -> Iterator[RunningSums]:
        """The sums so far about ten times a second, the last time over all images, of which there must be one."""
        self._machine.load(weights)
        sums = RunningSums()
        with closing(self._batches(part)) as batches:
            for images, metrics in run_in_calls(self._machine, batches, MEASURING_BATCH):
                sums = sums.plus(images, metrics)
                yield sums

    def report_numerics(self, part: Part, weights: Weights) -> NumericsReport:
        """Takes apart the first minibatch whose loss is not finite, the last where there is none."""
        self._machine.load(weights)
        with closing(self._batches(part)) as batches:
            first = self._broken_minibatch(batches, len(part))
            batches.ready(first, MEASURING_BATCH)
            graph = self._experiment.graph
            return report_numerics(self._machine, graph, batches.feed, first=first, step_number=0, rates=unmoved(1))

    def _broken_minibatch(self, batches: BatchSource, images: int) -> int:
        """Where the first minibatch begins whose loss is not finite, the last where there is none."""
        begins = range(0, images, MEASURING_BATCH)
        for first in begins:
            batches.ready(first, MEASURING_BATCH)
            if not finite(self._machine.run(batches.feed, first=first, step_number=0, rates=unmoved(1))):
                return first
            batches.release(first)
        return begins[-1]

    def observe(self, part: Part, weights: Weights) -> Iterator[tuple[RunningSums, Array]]:
        """As `measure`, with the outputs (n, K) of the images that each call has added."""
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
        """What the net says of every image, (N, K), about a tenth of a second a call so that Ctrl-C is heard."""
        return np.concatenate([outputs for _, outputs in self.observe(part, weights)])

    def _batches(self, part: Part) -> BatchSource:
        if part not in self._passes:
            self._passes[part] = Passes(
                part, self._experiment, self._preparation, batch=MEASURING_BATCH, readers=self._readers
            )
        return self._passes[part].measuring()


def unmoved(steps: int) -> Rates:
    """The rates of so many steps that move no weights."""
    return np.empty((steps, 0))


def _piece(feed: Pass, piece: slice) -> Pass:
    """Some images of a pass as one of their own."""
    return replace(feed, order=feed.order[piece], places=None if feed.places is None else feed.places[piece])


def run_in_calls(machine: Machine, batches: BatchSource, batch: int) -> Iterator[tuple[int, Array]]:
    """Runs a whole pass, about a tenth of a second a call; yields the images of each call and its metrics."""
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

"""Loss and accuracy of a part of the data with given weights: no dropout, running statistics, crops in the centre."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from time import perf_counter

import numpy as np

from netspec.compiler import evaluation_program
from netspec.data.dataset import Part
from netspec.ir.recipe import Experiment
from netspec.runtime.feed import Feed
from netspec.runtime.machine import Array, Machine
from netspec.train.device import Device
from netspec.train.dissection import Dissection, dissect
from netspec.train.feeds import measuring_feed
from netspec.train.inside import finite
from netspec.train.pace import Pace
from netspec.train.preparation import Preparation
from netspec.train.scores import Tally, Weights

MEASURING_BATCH = 64
"""Images at a time where nothing is learnt, so that figures do not depend on the spec's batch."""

CALL_IMAGES = 16 * MEASURING_BATCH


class Judge:
    """Measures weights of one net; compiled once, used after every epoch."""

    def __init__(self, experiment: Experiment, preparation: Preparation, device: Device) -> None:
        self._experiment, self._preparation = experiment, preparation
        self._machine = device.machine(evaluation_program(experiment, device.target, MEASURING_BATCH))

    def measure(self, part: Part, weights: Weights) -> Iterator[Tally]:
        """The sums so far about ten times a second, the last time over all images, of which there must be one."""
        for name, array in weights.items():
            self._machine.write(name, array)
        feed = measuring_feed(part.images, part.labels, self._experiment, self._preparation)
        tally = Tally()
        for images, metrics in run_in_calls(self._machine, feed, MEASURING_BATCH):
            tally = tally.plus(images, metrics)
            yield tally

    def dissect(self, part: Part, weights: Weights) -> Dissection:
        """Takes apart the first minibatch whose loss is not finite, the last where there is none."""
        for name, array in weights.items():
            self._machine.write(name, array)
        feed = measuring_feed(part.images, part.labels, self._experiment, self._preparation)
        begins = range(0, len(part), MEASURING_BATCH)
        runs = (self._machine.run(feed, first=first, steps=1, step_number=0, rate=0.0) for first in begins)
        first = next((first for first, metrics in zip(begins, runs, strict=True) if not finite(metrics)), begins[-1])
        return dissect(self._machine, self._experiment.graph, feed, first=first, step_number=0, rate=0.0)

    def outputs(self, part: Part, weights: Weights) -> Array:
        """What the net says of every image, (N, K), about a thousand images a call so that Ctrl-C is heard."""
        for name, array in weights.items():
            self._machine.write(name, array)
        feed = measuring_feed(part.images, part.labels, self._experiment, self._preparation)
        pieces = np.array_split(feed.order, range(CALL_IMAGES, len(part), CALL_IMAGES))
        found = [self._machine.outputs(replace(feed, order=piece)).arrays for piece in pieces]
        return np.concatenate(found).reshape(len(part), -1)


def run_in_calls(machine: Machine, feed: Feed, batch: int) -> Iterator[tuple[int, Array]]:
    """Runs a whole pass, about a tenth of a second a call; yields the images of each call and its metrics."""
    pace, total, first = Pace(), len(feed.order), 0
    while first < total:
        steps = min(pace.steps, -(-(total - first) // batch))
        begin = perf_counter()
        metrics = machine.run(feed, first=first, steps=steps, step_number=0, rate=0.0)
        pace.ran(steps, perf_counter() - begin)
        images = min(steps * batch, total - first)
        first += images
        yield images, metrics

"""What a rate that moves at every step costs: trainings of one net under three schedules, in turn."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from time import perf_counter, thread_time

from netspec.data.dataset import Dataset
from netspec.ir.recipe import Experiment, Schedule
from netspec.runtime.cpu.machine import CpuMachine
from netspec.runtime.device import Device
from netspec.train.loop import train
from netspec.train.step.snapshot import Position, Snapshot
from netspec.train.training import Training

KINDS = ("constant", "cosine", "onecycle")
"""The first keeps its rate; the others move it at every step."""
PROMISED_WHOLE, PROMISED_PYTHON = 1.05, 1.3
"""How many times what `constant` takes the others are to take of `digits`, at most: whole trainings of 30 epochs, and
Python's part of a step."""


@dataclass(frozen=True, slots=True)
class Times:
    """Of a training: `seconds` from the first step to the end, and the seconds of the processor a step that its thread
    spends outside native code."""

    seconds: float
    python_seconds: float


@dataclass(frozen=True, slots=True)
class ScheduleCost:
    """Medians of all rounds, and how many times those of `constant` in the same round: the medians of that."""

    kind: str
    seconds: float
    python_seconds: float
    times_whole: float
    times_python: float

    @property
    def kept(self) -> bool:
        """Whether both promises are."""
        return self.times_whole <= PROMISED_WHOLE and self.times_python <= PROMISED_PYTHON


def measure_schedules(
    experiment: Experiment, dataset: Dataset, device: Device, rounds: int, progress: Callable[[int], None]
) -> tuple[ScheduleCost, ...]:
    """Trains under each of KINDS in every round, after a round that does not count and brings compiled kernels in.
    The experiment's own schedule, its warm-up and early stopping take no part."""
    recipe = replace(experiment.train, stop_patience=None)
    under = [replace(experiment, train=replace(recipe, schedule=Schedule(kind))) for kind in KINDS]
    found: list[list[Times]] = []
    for number in range(rounds + 1):
        found.append([_times(each, dataset, device) for each in under])
        progress(number)
    return tuple(_cost(kind, column, found[1:]) for column, kind in enumerate(KINDS))


def _cost(kind: str, column: int, found: list[list[Times]]) -> ScheduleCost:
    return ScheduleCost(
        kind,
        statistics.median(times[column].seconds for times in found),
        statistics.median(times[column].python_seconds for times in found),
        statistics.median(_over(times[column].seconds, times[0].seconds) for times in found),
        statistics.median(_over(times[column].python_seconds, times[0].python_seconds) for times in found),
    )


def _over(seconds: float, of_constant: float) -> float:
    """1 where neither was measured: every step of a tiny training is looked into."""
    return seconds / of_constant if of_constant else 1.0


def _times(experiment: Experiment, dataset: Dataset, device: Device) -> Times:
    return Times(_whole_seconds(experiment, dataset, device), python_seconds(experiment, dataset, device))


def _whole_seconds(experiment: Experiment, dataset: Dataset, device: Device) -> float:
    """From when the net is compiled and in memory up to the end. Raises DivergedError (E460)."""
    events = train(experiment, dataset, device=device)
    next(events)
    begin = perf_counter()
    for _ in events:
        pass
    return perf_counter() - begin


def python_seconds(experiment: Experiment, dataset: Dataset, device: Device) -> float:
    """A step, over all but those that are looked into layer by layer, which Python walks under any schedule. The
    training is one that does not diverge."""
    training = Training(experiment, dataset, device, Snapshot(Position(), {}))
    machine, seconds, steps = training.machine, 0.0, 0
    assert isinstance(machine, CpuMachine)
    team = machine.team
    team.clock = thread_time
    while not training.over:
        with closing(training.batches()) as batches:
            while training.position.step < training.end_step:
                sample, native, begin = training.position.sample, team.native_seconds, thread_time()
                taken = training.advance(batches)
                spent = thread_time() - begin - (team.native_seconds - native)
                if training.position.sample is sample:
                    seconds, steps = seconds + spent, steps + taken
        training.end_epoch(None)
    return seconds / max(1, steps)

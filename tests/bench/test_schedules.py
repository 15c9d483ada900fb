"""Trainings under three schedules are timed in turn, and set against the one whose rate stays."""

from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from netspec.bench import schedules
from netspec.bench.schedules import KINDS, ScheduleCost, Times, measure_schedules, python_seconds
from netspec.data.dataset import Dataset
from netspec.ir.recipe import Experiment
from netspec.runtime.cpu.device import host_device
from netspec.runtime.cpu.machine import CpuMachine
from netspec.runtime.device import Device, DeviceChoice
from tests.train.test_loop import data_of, experiment_of

SMALL = """net n { input 1x8x8; dense 6 relu; dense 10 }
data digits take=300 validate=0.2
train { sgd rate=0.1; schedule step every=1 factor=0.5 warmup=1; batch 8; stop patience=1; epochs 2 }
"""


def test_each_schedule_is_timed_in_every_round_and_has_medians_of_its_own() -> None:
    experiment, told = experiment_of(SMALL), list[int]()
    found = measure_schedules(experiment, data_of(experiment), host_device(DeviceChoice(1)), 2, told.append)
    assert tuple(cost.kind for cost in found) == KINDS
    assert told == [0, 1, 2]
    assert all(cost.seconds > 0 and cost.python_seconds > 0 for cost in found)
    assert all(cost.python_seconds < cost.seconds for cost in found)
    assert (found[0].times_whole, found[0].times_python) == (1.0, 1.0)


def test_ratios_are_medians_of_rounds_and_the_first_round_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = experiment_of(SMALL)
    trained: list[Experiment] = []
    seconds = iter([9.0, 9.0, 9.0, 1.0, 2.0, 4.0, 2.0, 2.0, 6.0, 4.0, 12.0, 8.0])

    def times(each: Experiment, dataset: Dataset, device: Device) -> Times:
        trained.append(each)
        taken = next(seconds)
        return Times(taken, 1e-6 * taken)

    monkeypatch.setattr(schedules, "_times", times)
    found = measure_schedules(experiment, data_of(experiment), host_device(DeviceChoice(1)), 3, lambda number: None)
    assert [(cost.seconds, cost.times_whole) for cost in found] == [(2.0, 1.0), (2.0, 2.0), (6.0, 3.0)]
    assert [cost.times_python for cost in found] == pytest.approx([1.0, 2.0, 3.0])
    assert [each.train.schedule.kind for each in trained] == [*KINDS] * 4
    assert all(each.train.schedule.warmup == 0 and each.train.stop_patience is None for each in trained)
    assert all(each.train.epochs == 2 for each in trained)


def test_a_training_that_is_all_looked_into_has_no_python_time() -> None:
    experiment = experiment_of(SMALL, "train.batch=all")
    found = measure_schedules(experiment, data_of(experiment), host_device(DeviceChoice(1)), 1, lambda number: None)
    assert all((cost.python_seconds, cost.times_python) == (0.0, 1.0) for cost in found)


def test_native_code_does_not_count_as_python(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks, run, steps = count(), CpuMachine.run, list[int]()

    def counted(*given: Any, **named: Any) -> Any:
        told = run(*given, **named)
        steps.append(len(told))
        return told

    monkeypatch.setattr(CpuMachine, "run", counted)
    monkeypatch.setattr(schedules, "thread_time", lambda: float(next(ticks)))
    experiment = experiment_of(SMALL)
    found = python_seconds(experiment, data_of(experiment), host_device(DeviceChoice(1)))
    # Four ticks a call, at the ends of it and of native code: three apart, of which one is native.
    assert found == pytest.approx(2 * len(steps) / sum(steps))


def test_both_promises_have_to_be_kept() -> None:
    kept = ScheduleCost("cosine", 1.0, 1e-6, 1.05, 1.3)
    assert kept.kept
    assert not replace(kept, times_whole=1.051).kept
    assert not replace(kept, times_python=1.31).kept

"""A training that must reach an accuracy, on the digits that come with netspec."""

from time import perf_counter

import pytest

from netspec.bench.suite.learning import Goal, judge_learning
from netspec.bench.suite.row import Deadline
from netspec.runtime.cuda.device import CudaDevice

TWO = ("train.epochs=2",)


def later(seconds: float = 600) -> Deadline:
    return Deadline(perf_counter() + seconds)


def test_a_goal_that_is_reached_passes_with_its_times(device: CudaDevice):
    (row,) = judge_learning(device, later(), Goal("digits", 0.8, TWO))
    assert (row.name, row.verdict, row.remark) == ("digits", "passed", "")
    assert (row.figures["epochs"], row.figures["goal"]) == (2, 0.8)
    accuracy, seconds, reached = (row.figures[key] for key in ("accuracy", "training_seconds", "goal_seconds"))
    assert isinstance(accuracy, float)
    assert isinstance(seconds, float)
    assert isinstance(reached, float)
    assert 0.8 <= accuracy < 1
    assert 0 < reached <= seconds


def test_a_goal_that_is_missed_fails(device: CudaDevice):
    (row,) = judge_learning(device, later(), Goal("digits", 1.0, ("train.epochs=1",)))
    assert (row.verdict, row.remark, row.figures["goal_epochs"]) == ("failed", "below the goal", None)


def test_a_training_that_takes_too_long_fails(device: CudaDevice):
    (row,) = judge_learning(device, later(-1), Goal("digits", 0.8, TWO))
    assert (row.verdict, row.remark) == ("failed", "out of time")


def test_data_that_are_not_there_are_skipped(device: CudaDevice, monkeypatch: pytest.MonkeyPatch, tmp_path):
    for name in ("NETSPEC_DATA", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    (row,) = judge_learning(device, later(), Goal("cifar10_quick", 0.7))
    assert (row.verdict, row.remark) == ("skipped", "the data set `cifar10` is not on this machine")

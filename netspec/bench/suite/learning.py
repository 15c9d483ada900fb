"""A whole training: the accuracy that a bundled spec promises, on its own data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

from netspec.bench.suite.bundled import bundled
from netspec.bench.suite.row import Deadline, Figure, Row
from netspec.data.dataset import Dataset
from netspec.data.environment import readable_data_folder
from netspec.diagnostics.failure import DataError
from netspec.ir.recipe import Experiment
from netspec.runtime.cuda.device import CudaDevice
from netspec.train.events import EpochDone, Finished
from netspec.train.loop import train
from netspec.train.run.begin import DataPlaces, load_data
from netspec.train.step.scores import Scores


@dataclass(frozen=True, slots=True)
class Goal:
    """The accuracy that a bundled spec must reach on its test part, or where it has none on its validation part."""

    spec: str
    accuracy: float
    settings: tuple[str, ...] = ()


LENET = Goal("lenet", 0.989)


def judge_learning(device: CudaDevice, deadline: Deadline, goal: Goal = LENET) -> Iterator[Row]:
    """One row: the accuracy at the end of the recipe, and the seconds of the training, compilation included and loading
    not; then after how many of these and how many epochs the validation part had first reached the goal. Skipped where
    the data are not on this machine."""
    experiment = bundled(goal.spec, goal.settings)
    try:
        dataset = load_data(experiment, DataPlaces(shared_dir=readable_data_folder()))
    except DataError as missing:
        yield Row(goal.spec, "skipped", missing.message)
        return
    yield _trained(experiment, dataset, device, deadline, goal)


def _trained(experiment: Experiment, dataset: Dataset, device: CudaDevice, deadline: Deadline, goal: Goal) -> Row:
    begun, accuracy = perf_counter(), 0.0
    figures: dict[str, Figure] = {"accuracy": None, "goal": goal.accuracy, "epochs": 0, "training_seconds": None}
    figures |= {"goal_epochs": None, "goal_seconds": None}
    for event in train(experiment, dataset, device=device):
        spent = perf_counter() - begun
        if isinstance(event, EpochDone):
            figures |= {"epochs": event.epoch, "training_seconds": spent}
            if figures["goal_epochs"] is None and _accuracy(event.validation) >= goal.accuracy:
                figures |= {"goal_epochs": event.epoch, "goal_seconds": spent}
        if isinstance(event, Finished):
            figures["accuracy"] = accuracy = _accuracy(event.test or event.validation)
        elif deadline.passed:
            return Row(goal.spec, "failed", "out of time", figures)
    reached = accuracy >= goal.accuracy
    return Row(goal.spec, "passed" if reached else "failed", "" if reached else "below the goal", figures)


def _accuracy(scores: Scores | None) -> float:
    return (scores.accuracy if scores else None) or 0.0

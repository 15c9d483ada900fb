"""A net with its weights and all that it needs to look at an image: from a run folder, or from a spec and a file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from netspec.data.levels import Asked, renamed
from netspec.diagnostics.failure import NetspecError
from netspec.ir.costs import SHIPPED, Costs
from netspec.ir.recipe import Experiment
from netspec.train.begin import DataPlaces, load_data
from netspec.train.preparation import Preparation, prepared
from netspec.train.run import WEIGHTS, open_run, run_experiment
from netspec.train.run_document import Run
from netspec.train.scores import Weights
from netspec.train.weights import read_weights


@dataclass(frozen=True, slots=True)
class Trained:
    """`preparation` is the training's own, so that images go through what the weights have learnt on, and `exact` what
    it was trained with."""

    experiment: Experiment
    preparation: Preparation
    weights: Weights
    exact: bool = False
    costs: Costs = SHIPPED


def from_run(folder: Path, settings: tuple[str, ...] = (), weights: Path | None = None) -> Trained:
    """A run's net with its weights, or with those of another file; `settings` as in `run.run_experiment`.

    Raises UsageError (E462), SpecError and DataError (E541 to E544).
    """
    run = open_run(folder)
    experiment = run_experiment(run, settings)
    arrays = read_weights(weights or folder / WEIGHTS, experiment.graph)
    return Trained(experiment, _preparation(run, experiment), arrays, run.exact, run.costs)


def _preparation(run: Run, experiment: Experiment) -> Preparation:
    """That of the run, with the levels that are named for its data by now, if any: so `--set data.black=-1` mends a run
    whose data do not tell them. Levels of other data are not the run's."""
    data, kept = experiment.data, run.preparation
    if data is None or run.data is None or Path(data.source).name != Path(run.data.source).name:
        return kept
    levels = renamed(kept.levels, Asked(data.black, data.white))
    return replace(kept, levels=levels)


def from_file(experiment: Experiment, weights: Path, places: DataPlaces) -> Trained:
    """A checked net with the weights of a file.

    How images are prepared is told by the run that the file lies in, else by the data that the spec names. Raises
    DataError (E541 to E543, or where the data cannot be had) and UsageError (E463) where neither is there.
    """
    arrays = read_weights(weights, experiment.graph)
    try:
        run = open_run(weights.parent)
    except NetspecError:
        return Trained(experiment, prepared(load_data(experiment, places)), arrays)
    return Trained(experiment, _preparation(run, experiment), arrays, run.exact, run.costs)

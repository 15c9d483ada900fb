"""A net with its weights and all that it needs to look at an image: from a run folder, or from a spec and a file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from netspec.data.classes import Classes, Known
from netspec.ir.costs import SHIPPED, Costs
from netspec.ir.recipe import DataOptions, Experiment
from netspec.train.begin import DataPlaces, load_data
from netspec.train.preparation import Preparation, known_classes, prepared
from netspec.train.run import WEIGHTS, open_run, run_experiment, run_of_weights
from netspec.train.scores import Weights
from netspec.train.weights import read_weights


@dataclass(frozen=True, slots=True)
class Trained:
    """`preparation` is the training's own, so that images go through what the weights have learnt on, and `exact` what
    it was trained with; `kept` is what `classes` was then."""

    experiment: Experiment
    preparation: Preparation
    weights: Weights
    exact: bool = False
    costs: Costs = SHIPPED
    kept: Classes = ()

    @property
    def known(self) -> Known | None:
        """Its classes, by which those of data are numbered."""
        return known_classes(self.preparation, self.experiment, self.kept)


def from_run(folder: Path, settings: tuple[str, ...] = (), weights: Path | None = None) -> Trained:
    """A run's net with its weights, or with those of another file, whose outputs mean the classes of the run that it
    lies in; `settings` as in `run.run_experiment`.

    Raises UsageError (E462), SpecError and DataError (E541 to E544).
    """
    run = open_run(folder)
    experiment = run_experiment(run, settings)
    arrays = read_weights(weights or folder / WEIGHTS, experiment.graph)
    whose = (run_of_weights(weights) if weights else None) or run
    preparation = replace(run.preparation, class_names=whose.preparation.class_names)
    return Trained(experiment, preparation, arrays, run.exact, run.costs, kept_classes(whose.data))


def from_file(experiment: Experiment, weights: Path, places: DataPlaces) -> Trained:
    """A checked net with the weights of a file.

    How images are prepared is told by the run that the file lies in, else by the data that the spec names. Raises
    DataError (E541 to E543, or where the data cannot be had) and UsageError (E463) where neither is there.
    """
    arrays = read_weights(weights, experiment.graph)
    run = run_of_weights(weights)
    if run is None:
        return Trained(experiment, prepared(load_data(experiment, places)), arrays, kept=kept_classes(experiment.data))
    return Trained(experiment, run.preparation, arrays, run.exact, run.costs, kept_classes(run.data))


def kept_classes(data: DataOptions | None) -> Classes:
    """What `classes` is in a `data` statement; empty where all are meant."""
    return data.classes if data else ()

"""Loss and accuracy of a trained net on the images that it has not learnt from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from netspec.data.dataset import Dataset, Part
from netspec.data.fit import check_fit
from netspec.diagnostics.failure import UsageError
from netspec.ir.recipe import Experiment
from netspec.train.answers import Answers, answers
from netspec.train.device import Device
from netspec.train.preparation import Preparation
from netspec.train.scores import Scores, Weights
from netspec.train.scoring import Judge


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured: the test part, or the validation part where there is none. `answers` is None where the labels
    are no classes of the net."""

    part: Literal["test", "validation"]
    scores: Scores
    answers: Answers | None


def evaluate(
    experiment: Experiment,
    dataset: Dataset,
    preparation: Preparation,
    weights: Weights,
    *,
    device: Device,
) -> Evaluation:
    """Measures `weights` on the test part, else on the validation part, of a data set that fits the net.

    Raises UsageError (E463) where it has neither, DataError (E515) where a class has no output.
    """
    check_fit(dataset, experiment.graph, experiment.train.loss)
    name, part = _part(dataset)
    judge = Judge(experiment, preparation, device)
    *_, tally = judge.measure(part, weights)
    return Evaluation(name, tally.scores, answers(experiment, judge.outputs(part, weights), part.labels))


def _part(dataset: Dataset) -> tuple[Literal["test", "validation"], Part]:
    if dataset.test:
        return "test", dataset.test
    if dataset.validation:
        return "validation", dataset.validation
    helps = ("hold some images out: `validate=0.2` in the `data` line, or `--set data.validate=0.2`",)
    raise UsageError("E463", "the data have neither a test part nor a validation part", helps=helps)

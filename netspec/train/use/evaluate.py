"""Loss and accuracy of a trained net on images that it was not trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from netspec.data.dataset import Dataset, Part
from netspec.data.fit import check_fit
from netspec.data.read_options import Progress, silent
from netspec.diagnostics.failure import UsageError
from netspec.ir.ranking import is_regression
from netspec.ir.recipe import Experiment
from netspec.runtime.device import Device
from netspec.train.step.preparation import Preparation, in_units_of
from netspec.train.step.scores import Array, RunningSums, Scores, Weights
from netspec.train.step.scoring import Evaluator
from netspec.train.use.answers import Answers, NumberErrors, answers, number_errors

PartName = Literal["test", "validation"]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The measured part: test, or validation where there is no test part. `answers` is None where the labels are no
    classes of the net; `errors` is None unless the net is a regression."""

    part: PartName
    scores: Scores
    answers: Answers | None
    errors: NumberErrors | None = None


def evaluate(
    experiment: Experiment,
    dataset: Dataset,
    preparation: Preparation,
    weights: Weights,
    *,
    device: Device,
    progress: Progress = silent,
) -> Evaluation:
    """Measures `weights` on the test part, else on the validation part. `progress` receives the number of images
    measured.

    Images in other units are converted to those of the training. Raises UsageError (E463) where the data have neither
    part, DataError: E515 where a class has no output, E559 where the units are unknown.
    """
    check_fit(dataset, experiment.graph, experiment.train.loss)
    name, part = measured_part(dataset)
    sums, found = RunningSums(), list[Array]()
    for sums, outputs in Evaluator(experiment, in_units_of(preparation, dataset), device).observe(part, weights):
        found.append(outputs)
        progress(f"the {name} part", sums.images, len(part))
    outputs = np.concatenate(found)
    classes = max(len(dataset.class_names), len(preparation.class_names))
    if is_regression(experiment.train.loss, outputs.shape[1], classes):
        return Evaluation(name, sums.scores_of(regression=True), None, number_errors(outputs, part.labels))
    return Evaluation(name, sums.scores, answers(experiment, outputs, part.labels))


def measured_part(dataset: Dataset) -> tuple[PartName, Part]:
    """The part that an evaluation measures. Raises UsageError (E463)."""
    if dataset.test:
        return "test", dataset.test
    if dataset.validation:
        return "validation", dataset.validation
    helps = ("hold some images out: `validate=0.2` in the `data` line, or `--set data.validate=0.2`",)
    raise UsageError("E463", "the data have neither a test part nor a validation part", helps=helps)

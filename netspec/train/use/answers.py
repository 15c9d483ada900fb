"""Answers of a net for labelled images: confusion matrix, recall and precision of classes, calibration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspec.data.dataset import Labels
from netspec.ir.operations import Softmax
from netspec.ir.ranking import ranked_classes
from netspec.ir.recipe import Experiment
from netspec.train.step.scores import Array

BINS = 15
"""Number of bins of equal width for confidences (Guo et al. 2017)."""


@dataclass(frozen=True, slots=True)
class Answers:
    """`confusion` (K, K) counts images by true class (row) and predicted class (column).

    `top5` is the fraction of images whose class is among the five most probable, None below six classes.
    `calibration_error` is the mean distance between confidence and accuracy, 0 to 1.
    """

    confusion: tuple[tuple[int, ...], ...]
    top5: float | None
    calibration_error: float

    @property
    def images(self) -> tuple[int, ...]:
        """Number of images of each class."""
        return tuple(map(sum, self.confusion))

    @property
    def recall(self) -> tuple[float | None, ...]:
        """The fraction of each class's images that were recognised; None for a class without images."""
        return self._rightly_of(self.images)

    @property
    def precision(self) -> tuple[float | None, ...]:
        """The fraction of each class's predictions that were right; None for a class never predicted."""
        return self._rightly_of(tuple(map(sum, zip(*self.confusion, strict=True))))

    def _rightly_of(self, wholes: tuple[int, ...]) -> tuple[float | None, ...]:
        return tuple(self.confusion[k][k] / whole if whole else None for k, whole in enumerate(wholes))


def answers(experiment: Experiment, outputs: Array, labels: Labels) -> Answers | None:
    """Answers of outputs (N, K); one output separates two classes. None where the labels are no classes of the net."""
    chances, ranks = class_probabilities(experiment, outputs), ranked_classes(experiment.train.loss, outputs)
    classes = chances.shape[1]
    if labels.min() < 0 or labels.max() >= classes:
        return None
    told = ranks[:, 0]
    confusion = np.bincount(labels * classes + told, minlength=classes * classes).reshape(classes, classes)
    top5 = float((ranks[:, :5] == labels[:, None]).any(axis=1).mean()) if classes > 5 else None
    confidence = np.minimum(np.nan_to_num(chances[np.arange(len(told)), told]), 1.0)
    return Answers(tuple(map(tuple, confusion.tolist())), top5, calibration_error(confidence, told == labels))


@dataclass(frozen=True, slots=True)
class NumberErrors:
    """Errors of a regression, in the units of the labels."""

    mean_absolute: float
    root_mean_squared: float


def number_errors(outputs: Array, labels: Labels) -> NumberErrors:
    """Errors of outputs (N, 1)."""
    errors = outputs[:, 0].astype(np.float64) - labels
    return NumberErrors(float(np.abs(errors).mean()), float(np.sqrt(np.square(errors).mean())))


@np.errstate(over="ignore", invalid="ignore")  # of outputs that are not finite there is nothing to tell
def class_probabilities(experiment: Experiment, outputs: Array) -> NDArray[np.float64]:
    """Class probabilities (N, K), or (N, 2) for one output: softmax, or sigmoid where the loss has it.

    One output of squared_error is the probability of class 1, clipped to 0 to 1.
    """
    values, loss = outputs.astype(np.float64), experiment.train.loss
    (output,) = experiment.graph.outputs
    if any(isinstance(node.operation, Softmax) for node in experiment.graph.nodes if output in node.outputs):
        return values
    if values.shape[1] == 1:
        one = np.clip(values, 0, 1) if loss == "squared_error" else np.exp(-np.logaddexp(0, -values))
        return np.concatenate([1 - one, one], axis=1)
    if loss == "binary_cross_entropy":
        return np.exp(-np.logaddexp(0, -values))
    raised = np.exp(values - values.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def calibration_error(confidence: NDArray[np.float64], right: NDArray[Any]) -> float:
    """The mean over images of |accuracy - confidence| in the bin of an image's confidence."""
    bins = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    gaps = np.bincount(bins, weights=right - confidence, minlength=BINS)
    return float(np.abs(gaps).sum() / len(confidence))

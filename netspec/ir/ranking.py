"""How a loss ranks classes by the outputs of a net: the one rule that every accuracy and every prediction follows.

Outputs are what the loss reads, logits as a rule. Probabilities made from them do not rank: sigmoid and softmax round
different logits to one number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspec.ir.operations import LossName

BOUNDARY: Mapping[LossName, float] = {"binary_cross_entropy": 0.0, "hinge": 0.0, "squared_error": 0.5}
"""A single output z names class 1 above this number, else class 0. For `squared_error` that is the nearer of the
targets 0 and 1, by |z - t|. The two distances of a large z are equal in floating point, so they are not compared."""


def class_scores(function: LossName, outputs: NDArray[Any]) -> NDArray[np.float64]:
    """What outputs (n, k) say for each class, the larger the likelier: (n, k), or (n, 2) of a single output that tells
    two classes apart."""
    values = np.asarray(outputs, np.float64)
    if values.shape[1] > 1 or function not in BOUNDARY:
        return values
    above = values[:, 0] - BOUNDARY[function]
    return np.stack([-above, above], axis=1)


def told_classes(function: LossName, outputs: NDArray[Any]) -> NDArray[np.int64]:
    """The class that outputs (n, k) name, (n,): the first of the highest score."""
    if outputs.shape[1] > 1:  # scores are the outputs
        return outputs.argmax(axis=1)
    return class_scores(function, outputs).argmax(axis=1)


def ranked_classes(function: LossName, outputs: NDArray[Any]) -> NDArray[np.int64]:
    """All classes, the likeliest first, (n, classes); of equal scores the lower number first."""
    return np.argsort(-class_scores(function, outputs), axis=1, kind="stable")


def is_regression(function: LossName, outputs: int, classes: int) -> bool:
    """Whether a net of so many outputs is to give a number rather than a class: labels are targets other than 0 and 1.
    Such a net has no accuracy. `classes` is how many the data have, 0 where that is not known."""
    return outputs == 1 and function == "squared_error" and classes > 2

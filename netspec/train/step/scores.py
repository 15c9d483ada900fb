"""Types of results: weights by name, scores, and running sums of losses and correct answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float32]]
Weights = Mapping[str, Array]
"""Parameters and states of a net by name, float32, shaped as in its graph."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Mean loss per image, and fraction of images classified correctly, over `images` images. `accuracy` is None where
    the net predicts a number and no class (`ir/ranking.py`)."""

    images: int
    loss: float
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class RunningSums:
    """Sums over the images so far."""

    images: int = 0
    loss: float = 0.0
    right: float = 0.0

    def plus(self, images: int, metrics: Array) -> RunningSums:
        """The sums after `images` more; `metrics` (steps, 2) are each step's sums of losses and of correct answers.

        Steps are added one by one, so that the sums do not depend on the number of steps in a call.
        """
        loss, right = self.loss, self.right
        for step_loss, step_right in metrics.tolist():
            loss += step_loss
            right += step_right
        return RunningSums(self.images + images, loss, right)

    @property
    def scores(self) -> Scores:
        """Means over the images so far, at least one."""
        return Scores(self.images, self.loss / self.images, self.right / self.images)

    def scores_of(self, *, regression: bool) -> Scores:
        """The scores; without accuracy for regression."""
        return replace(self.scores, accuracy=None) if regression else self.scores

"""What is kept and what is measured: weights by name, losses and accuracies."""

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
    """Mean loss an image and fraction of images classified rightly, over `images` images. `accuracy` is None where the
    net gives a number and no class (`ir/ranking.py`)."""

    images: int
    loss: float
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class RunningSums:
    """Sums over images as they are met."""

    images: int = 0
    loss: float = 0.0
    right: float = 0.0

    def plus(self, images: int, metrics: Array) -> RunningSums:
        """`metrics` (steps, 2) are each step's sums of loss and of right answers over, together, `images`.

        Steps are added one by one, so that the sum is the same however many come in one call.
        """
        loss, right = self.loss, self.right
        for step_loss, step_right in metrics.tolist():
            loss += step_loss
            right += step_right
        return RunningSums(self.images + images, loss, right)

    @property
    def scores(self) -> Scores:
        """Means over the images so far, of which there must be one."""
        return Scores(self.images, self.loss / self.images, self.right / self.images)

    def scores_of(self, *, regression: bool) -> Scores:
        """The same, without an accuracy where the net gives a number."""
        return replace(self.scores, accuracy=None) if regression else self.scores

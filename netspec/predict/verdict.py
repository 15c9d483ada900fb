"""What a net says of images, from the outputs of its prediction program: probabilities, and classes in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspec.ir.operations import LossName
from netspec.ir.ranking import is_regression, ranked_classes, told_classes

Array = NDArray[Any]
HALF = np.float32(0.5)
TINY = np.nextafter(np.float32(0), np.float32(1))


@dataclass(frozen=True, slots=True)
class Reading:
    """How outputs of a net are read: by its loss, the number of its outputs, and that of its data's classes (0: not
    known)."""

    loss: LossName
    outputs: int
    classes: int

    @property
    def regression(self) -> bool:
        """Whether the one output is a number rather than a class."""
        return is_regression(self.loss, self.outputs, self.classes)

    def said(self, collected: Array) -> Array:
        """What is said in place of outputs (N, K) or (N, 2*K), which are probabilities and, where that is not the same,
        what ranks behind them: probabilities (N, K), or the numbers (N, 1) of a regression."""
        said = collected[:, : self.outputs]
        if self.regression:
            return said.copy()
        if self.outputs > 1 and len(collected) == 1 and said.argmax() == self._ranking(collected).argmax():
            return said.copy()  # what `agreeing` would do, for one image in a third of the time
        if self.outputs == 1 and self.loss == "squared_error":
            said = np.clip(said, 0, 1)
        return agreeing(said, told_classes(self.loss, self._ranking(collected)))

    def verdict(self, collected: Array) -> Verdict:
        """The same with the order of the classes."""
        ranks = None if self.regression else ranked_classes(self.loss, self._ranking(collected))
        return Verdict(self.said(collected), ranks)

    def _ranking(self, collected: Array) -> Array:
        return collected[:, -self.outputs :]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`said` (N, K) are probabilities, of one output that of class 1, or the numbers (N, 1) of a regression; `ranks`
    (N, classes) are the classes of each image, the likeliest first, None of a regression."""

    said: Array
    ranks: NDArray[np.int64] | None


def agreeing(probabilities: Array, told: NDArray[np.int64]) -> Array:
    """A copy of probabilities (N, K), float32, in which the class that is told has the first largest one; of one output
    (N, 1) it is above 1/2 just where class 1 is told. Where rounding left it otherwise, the least change mends it."""
    found = probabilities.copy()
    if found.shape[1] == 1:
        above = np.maximum(found, np.nextafter(HALF, np.float32(1)))
        return np.where(told[:, None] == 1, above, np.minimum(found, HALF))
    for row in (found.argmax(axis=1) != told).nonzero()[0]:
        k, own = int(told[row]), max(found[row, told[row]], TINY)
        found[row, :k] = np.minimum(found[row, :k], np.nextafter(own, np.float32(0)))
        found[row, k + 1 :] = np.minimum(found[row, k + 1 :], own)
        found[row, k] = own
    return found

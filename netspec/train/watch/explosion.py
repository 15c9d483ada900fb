"""A loss that explodes while it is still finite: told once, before there may be nothing left to save."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from netspec.ir import operations as ops
from netspec.ir.evaluate import apply
from netspec.ir.evaluate_context import Context
from netspec.ir.objective import CORRECT, LOSS

FACTOR = 4.0
"""An explosion is a mean loss above so many times both the lowest so far and that of a net which says nothing."""
START_IMAGES = 16
"""The first steps that hold so many give the first mean, before the training can have done harm."""
WINDOW_IMAGES = 256
"""Later means are over steps in succession that hold so many: single minibatches may be as noisy as they like."""


@dataclass(frozen=True, slots=True)
class Explosion:
    """After `step` steps in all the mean loss over the last `images` was `loss`; `lowest` was the lowest before."""

    step: int
    images: int
    loss: float
    lowest: float


@dataclass(frozen=True, slots=True)
class LossPeak:
    """`lowest` mean loss of a window so far (None before the first); `images` and the sum `loss`
    of the window under way; and the first explosion, if there was one."""

    lowest: float | None = None
    images: int = 0
    loss: float = 0.0
    explosion: Explosion | None = None

    def after(self, losses: Iterable[float], sizes: Iterable[int], step: int, silent: float) -> LossPeak:
        """With the sums of loss of some more steps over so many images each, `step` steps being done before them.

        `silent` is the mean loss of a net that says nothing. Steps are added one by one, however many come in a call.
        """
        peak, images, total = self, self.images, self.loss
        for number, (loss, size) in enumerate(zip(losses, sizes, strict=True), step + 1):
            images, total = images + size, total + loss
            if images >= (START_IMAGES if peak.lowest is None else WINDOW_IMAGES):
                peak = peak.with_window(images, total, number, silent)
                images, total = 0, 0.0
        return replace(peak, images=images, loss=total)

    def with_window(self, images: int, total: float, step: int, silent: float) -> LossPeak:
        """With a whole window that ends with step number `step`: so many images, and the sum of their losses."""
        mean, lowest, explosion = total / images, self.lowest, self.explosion
        if lowest is None:
            return LossPeak(mean, explosion=explosion)
        if explosion is None and mean > FACTOR * max(lowest, silent):
            explosion = Explosion(step, images, mean, lowest)
        return LossPeak(min(mean, lowest), explosion=explosion)


def silent_loss(function: ops.LossName, outputs: int) -> float:
    """The mean loss over all labels of a net whose outputs are all zero: for cross_entropy the logarithm of their
    number."""
    classes = max(2, outputs)
    arrays = np.zeros((classes, outputs)), np.arange(classes, dtype=np.int32)
    loss, _ = apply(ops.Loss(function), arrays, (LOSS, CORRECT), Context())
    return float(loss) / classes

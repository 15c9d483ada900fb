"""Detection of a loss that explodes while it is still finite. It is reported once, while weights can still be saved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from netspec.ir import operations as ops
from netspec.ir.evaluate import apply
from netspec.ir.evaluate_context import Context
from netspec.ir.objective import CORRECT, LOSS

FACTOR = 4.0
"""An explosion is a window mean above FACTOR times the lowest mean so far and FACTOR times the loss at zero outputs."""
START_IMAGES = 16
"""Size of the first window, in images: small, so that it is measured before the training can have diverged."""
WINDOW_IMAGES = 256
"""Size of every later window, in images: single minibatches are noisy."""


@dataclass(frozen=True, slots=True)
class Explosion:
    """After `step` steps the mean loss over the last `images` was `loss`; `lowest` is the lowest mean before."""

    step: int
    images: int
    loss: float
    lowest: float


@dataclass(frozen=True, slots=True)
class LossPeak:
    """`lowest` is the lowest mean loss of a window so far, None before the first. `images` and `loss` are the size and
    the summed loss of the current window. `explosion` is the first one."""

    lowest: float | None = None
    images: int = 0
    loss: float = 0.0
    explosion: Explosion | None = None

    def after(self, losses: Iterable[float], sizes: Iterable[int], step: int, silent: float) -> LossPeak:
        """With the summed losses of more steps and their numbers of images; `step` steps were done before them.

        `silent` is the mean loss at zero outputs. Steps are added one by one, so that calls of any length give equal
        results.
        """
        peak, images, total = self, self.images, self.loss
        for number, (loss, size) in enumerate(zip(losses, sizes, strict=True), step + 1):
            images, total = images + size, total + loss
            if images >= (START_IMAGES if peak.lowest is None else WINDOW_IMAGES):
                peak = peak.with_window(images, total, number, silent)
                images, total = 0, 0.0
        return replace(peak, images=images, loss=total)

    def with_window(self, images: int, total: float, step: int, silent: float) -> LossPeak:
        """With a whole window that ends with step number `step`: its number of images and its summed loss."""
        mean, lowest, explosion = total / images, self.lowest, self.explosion
        if lowest is None:
            return LossPeak(mean, explosion=explosion)
        if explosion is None and mean > FACTOR * max(lowest, silent):
            explosion = Explosion(step, images, mean, lowest)
        return LossPeak(min(mean, lowest), explosion=explosion)


def silent_loss(function: ops.LossName, outputs: int) -> float:
    """Mean loss over all labels at zero outputs; for cross_entropy the logarithm of the number of classes."""
    classes = max(2, outputs)
    arrays = np.zeros((classes, outputs)), np.arange(classes, dtype=np.int32)
    loss, _ = apply(ops.Loss(function), arrays, (LOSS, CORRECT), Context())
    return float(loss) / classes

"""How the loss moves within an epoch, in a few figures however many steps there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

STRETCHES = 20
"""An epoch is cut into at most so many stretches of equally many steps, give or take one."""


@dataclass(frozen=True, slots=True)
class LossCurve:
    """`sums` of the losses of all images, a sum for each stretch of the epoch that has begun."""

    sums: tuple[float, ...] = ()

    def plus(self, losses: Iterable[float], first: int, steps: int) -> LossCurve:
        """With the sums of loss of some more steps, the first of which is number `first` of the epoch's `steps`.

        Steps are added one by one, so that the sums are the same however many come in one call.
        """
        sums = list(self.sums)
        for step, loss in enumerate(losses, first):
            if step * stretches(steps) // steps == len(sums):
                sums.append(0.0)
            sums[-1] += loss
        return LossCurve(tuple(sums))

    def means(self, images: int, batch: int) -> tuple[float, ...]:
        """Mean losses an image, stretch by stretch, of a whole epoch of `images` in minibatches of `batch`."""
        bounds = stretch_bounds(-(-images // batch))
        sizes = (min(end * batch, images) - begin * batch for begin, end in bounds)
        return tuple(total / size for total, size in zip(self.sums, sizes, strict=True))


def stretches(steps: int) -> int:
    """How many stretches an epoch of so many steps is cut into."""
    return min(STRETCHES, steps)


def stretch_bounds(steps: int) -> tuple[tuple[int, int], ...]:
    """First step and the step after the last of every stretch of an epoch, counted from zero."""
    parts = stretches(steps)
    starts = [-(-part * steps // parts) for part in range(parts + 1)]
    return tuple(pairwise(starts))

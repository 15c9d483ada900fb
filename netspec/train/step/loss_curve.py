"""Loss curve within an epoch: at most 20 mean losses, whatever the number of steps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

STRETCHES = 20
"""Most stretches of an epoch; the numbers of their steps differ by at most one."""


@dataclass(frozen=True, slots=True)
class LossCurve:
    """`sums`: for each stretch of the epoch that has begun, the sum of the losses of its images."""

    sums: tuple[float, ...] = ()

    def plus(self, losses: Iterable[float], first: int, steps: int) -> LossCurve:
        """The curve after more steps, given their sums of losses; the first is number `first` of the epoch's `steps`.

        Steps are added one by one, so that the sums do not depend on the number of steps in a call.
        """
        sums = list(self.sums)
        for step, loss in enumerate(losses, first):
            if step * stretches(steps) // steps == len(sums):
                sums.append(0.0)
            sums[-1] += loss
        return LossCurve(tuple(sums))

    def means(self, images: int, batch: int) -> tuple[float, ...]:
        """Mean loss per image of each stretch, for a whole epoch of `images` in minibatches of `batch`."""
        bounds = stretch_bounds(-(-images // batch))
        sizes = (min(end * batch, images) - begin * batch for begin, end in bounds)
        return tuple(total / size for total, size in zip(self.sums, sizes, strict=True))


def stretches(steps: int) -> int:
    """Number of stretches of an epoch of `steps`."""
    return min(STRETCHES, steps)


def stretch_bounds(steps: int) -> tuple[tuple[int, int], ...]:
    """(first step, step after the last) of each stretch of an epoch, counted from zero."""
    parts = stretches(steps)
    starts = [-(-part * steps // parts) for part in range(parts + 1)]
    return tuple(pairwise(starts))

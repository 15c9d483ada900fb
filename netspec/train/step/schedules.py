"""The learning rate as a function of time. Times are in epochs, with fractions."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from netspec.ir.recipe import Schedule

ROUNDING = 1e-9
"""Tolerance of times, which are quotients of step numbers: 2.9999999996 epochs are 3."""

CLIMB = 0.3
"""Fraction of a onecycle training in which the rate rises."""
FIRST, LAST = 1 / 25, 1 / 250_000
"""First and last factor of a onecycle rate (Smith and Topin 2018, with PyTorch's numbers)."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Times of a step's begin and end in a training of `epochs`; `reductions` of the rate came before it
    (`EarlyStopping`)."""

    begin: float
    end: float
    epochs: int
    reductions: int = 0

    @property
    def passed(self) -> float:
        """Fraction of the training before the step, from 0 to 1."""
        return min(1.0, self.begin / self.epochs)


Rule = Callable[[Schedule, Moment], float]


def _constant(schedule: Schedule, moment: Moment) -> float:
    return 1.0


def _step(schedule: Schedule, moment: Moment) -> float:
    """`factor` to the number of times `at` that are reached, or of multiples of `every` epochs."""
    reached = float(sum(moment.begin + ROUNDING >= time for time in schedule.at))
    if schedule.every is not None:
        rounding = min(ROUNDING, schedule.every / 2)  # the first step of all is before every time
        reached += _whole((moment.begin + rounding) / schedule.every)
    return _power(schedule.factor, reached)


def _exponential(schedule: Schedule, moment: Moment) -> float:
    """`factor` to the number of whole epochs."""
    return _power(schedule.factor, _whole(moment.begin + ROUNDING))


def _cosine(schedule: Schedule, moment: Moment) -> float:
    return _fall(1.0, 0.0, moment.passed)


def _onecycle(schedule: Schedule, moment: Moment) -> float:
    """Half a cosine up for the first three tenths of the training, then half a cosine down."""
    if moment.passed < CLIMB:
        return _fall(FIRST, 1.0, moment.passed / CLIMB)
    return _fall(1.0, LAST, (moment.passed - CLIMB) / (1 - CLIMB))


def _plateau(schedule: Schedule, moment: Moment) -> float:
    return schedule.factor**moment.reductions


def _whole(number: float) -> float:
    """`number` rounded down; infinity stays infinity."""
    return float(math.floor(number)) if math.isfinite(number) else number


def _power(factor: float, count: float) -> float:
    """factor**count for factor > 0, count >= 0; infinity on overflow."""
    try:
        return factor**count
    except OverflowError:
        return math.inf


def _fall(first: float, last: float, passed: float) -> float:
    """Half a cosine from `first` at passed = 0 to `last` at passed = 1."""
    return last + (first - last) * (1 + math.cos(math.pi * passed)) / 2


RULES: dict[str, Rule] = {
    "constant": _constant,
    "step": _step,
    "exponential": _exponential,
    "cosine": _cosine,
    "onecycle": _onecycle,
    "plateau": _plateau,
}
"""Factor on the base rate, by kind of schedule."""


LENGTH_BOUND = frozenset({"cosine", "onecycle"})
"""Schedules whose rates depend on the number of epochs of the whole training."""


def rate_at(schedule: Schedule, base: float, moment: Moment) -> float:
    """The learning rate of a step. It grows linearly during the warmup, whose last step has the full rate.

    A `base` of zero gives zero for every schedule; a rate too large for a float is infinity.
    """
    if base == 0:
        return 0.0
    warm = 1.0 if schedule.warmup <= 0 else min(1.0, (moment.end + ROUNDING) / schedule.warmup)
    return base * RULES[schedule.kind](schedule, moment) * warm

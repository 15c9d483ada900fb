"""The learning rate as a function of time. Times are in epochs and may have a fraction."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from netspec.ir.recipe import Schedule

ROUNDING = 1e-9
"""Times are quotients of step numbers: 2.9999999996 epochs are 3."""

CLIMB = 0.3
"""The part of a onecycle training in which the rate climbs."""
FIRST, LAST = 1 / 25, 1 / 250_000
"""Where a onecycle rate begins and ends (Smith and Topin 2018, with PyTorch's numbers)."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A step: it begins and ends at these times, in a training of `epochs`; until then the validation losses have
    asked for so many `reductions` of the rate (`EarlyStopping`)."""

    begin: float
    end: float
    epochs: int
    reductions: int = 0

    @property
    def passed(self) -> float:
        """The part of the training that lies before the step, from 0 to 1."""
        return min(1.0, self.begin / self.epochs)


Rule = Callable[[Schedule, Moment], float]


def _constant(schedule: Schedule, moment: Moment) -> float:
    return 1.0


def _step(schedule: Schedule, moment: Moment) -> float:
    """`factor` once every `every` epochs, or once at each of the times `at`."""
    reached = float(sum(moment.begin + ROUNDING >= time for time in schedule.at))
    if schedule.every is not None:
        rounding = min(ROUNDING, schedule.every / 2)  # the first step of all is before every time
        reached += _whole((moment.begin + rounding) / schedule.every)
    return _power(schedule.factor, reached)


def _exponential(schedule: Schedule, moment: Moment) -> float:
    """`factor` once an epoch."""
    return _power(schedule.factor, _whole(moment.begin + ROUNDING))


def _cosine(schedule: Schedule, moment: Moment) -> float:
    return _fall(1.0, 0.0, moment.passed)


def _onecycle(schedule: Schedule, moment: Moment) -> float:
    """Up for three tenths of the training, then down, each half a cosine."""
    if moment.passed < CLIMB:
        return _fall(FIRST, 1.0, moment.passed / CLIMB)
    return _fall(1.0, LAST, (moment.passed - CLIMB) / (1 - CLIMB))


def _plateau(schedule: Schedule, moment: Moment) -> float:
    return schedule.factor**moment.reductions


def _whole(number: float) -> float:
    """Rounded down; infinity stays."""
    return float(math.floor(number)) if math.isfinite(number) else number


def _power(factor: float, count: float) -> float:
    """`factor` (above zero) to the `count` (zero or more); infinity where that is too large for a float."""
    try:
        return factor**count
    except OverflowError:
        return math.inf


def _fall(first: float, last: float, passed: float) -> float:
    """Half a cosine from `first` to `last` while `passed` goes from 0 to 1."""
    return last + (first - last) * (1 + math.cos(math.pi * passed)) / 2


RULES: dict[str, Rule] = {
    "constant": _constant,
    "step": _step,
    "exponential": _exponential,
    "cosine": _cosine,
    "onecycle": _onecycle,
    "plateau": _plateau,
}
"""Schedule -> what it multiplies the base rate by."""


LENGTH_BOUND = frozenset({"cosine", "onecycle"})
"""Schedules whose rates depend on how many epochs the whole training has."""


def rate_at(schedule: Schedule, base: float, moment: Moment) -> float:
    """The learning rate of a step. During the warmup it grows linearly, and its last step has the full rate.

    A `base` of zero stays zero whatever the schedule multiplies it by; a rate too large for a float is infinity.
    """
    if base == 0:
        return 0.0
    warm = 1.0 if schedule.warmup <= 0 else min(1.0, (moment.end + ROUNDING) / schedule.warmup)
    return base * RULES[schedule.kind](schedule, moment) * warm

"""The learning rate as a function of time. Times are in epochs and may have a fraction."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from netspec.ir.recipe import Schedule

ROUNDING = 1e-9
"""Times are quotients of step numbers: 2.9999999996 epochs are 3."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A step: it begins and ends at these times, in a training of `epochs`; one validation loss a finished epoch."""

    begin: float
    end: float
    epochs: int
    validation_losses: tuple[float, ...] = ()


Rule = Callable[[Schedule, Moment], float]


def _constant(schedule: Schedule, moment: Moment) -> float:
    return 1.0


def _step(schedule: Schedule, moment: Moment) -> float:
    """`factor` once every `every` epochs, or once at each of the times `at`."""
    reached = sum(moment.begin + ROUNDING >= time for time in schedule.at)
    if schedule.every is not None:
        reached += math.floor((moment.begin + ROUNDING) / schedule.every)
    return schedule.factor**reached


RULES: dict[str, Rule] = {"constant": _constant, "step": _step}
"""Schedule -> what it multiplies the base rate by."""


def rate_at(schedule: Schedule, base: float, moment: Moment) -> float:
    """The learning rate of a step. During the warmup it grows linearly, and its last step has the full rate."""
    warm = 1.0 if schedule.warmup <= 0 else min(1.0, (moment.end + ROUNDING) / schedule.warmup)
    return base * RULES[schedule.kind](schedule, moment) * warm

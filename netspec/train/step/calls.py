"""Planning of the next call of the device: its number of steps, and a row of scalars for each step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from netspec.ir.graph import Value
from netspec.ir.objective import RATE
from netspec.ir.recipe import TrainOptions
from netspec.runtime.feed import Rates
from netspec.train.step.schedules import Moment, rate_at
from netspec.train.step.snapshot import Position
from netspec.train.watch.sample import undecided


@dataclass(frozen=True, slots=True)
class Timetable:
    """Constants of all calls of a training: epochs have `steps_per_epoch` steps; the steps in `sampled`, counted from
    zero in an epoch, may be sampled. A call never crosses a multiple of `milestone` steps. `scalars` are the columns
    of its rates."""

    recipe: TrainOptions
    steps_per_epoch: int
    sampled: range
    milestone: int | None = None
    scalars: tuple[Value, ...] = (RATE,)


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """Steps of one call of the device, one row of `rates` each. `looked_into`: the call is one step of the sample."""

    rates: Rates
    looked_into: bool

    @property
    def steps(self) -> int:
        """At least one."""
        return len(self.rates)


def next_call(timetable: Timetable, position: Position, most: int) -> Call:
    """The call after a position within an epoch that has a step left: 1 to `most` steps.

    It ends at the end of the epoch, at a milestone, and before a step of the sample; that step is a call of its own.
    Rates may change at every step.
    """
    step, (before_sample, sampled) = position.step, _sample_ahead(timetable, position)
    end = min(step + most, end_step(timetable, position))
    if timetable.milestone:
        end = min(end, (step // timetable.milestone + 1) * timetable.milestone)
    end = min(end, step + (1 if sampled else before_sample))
    return Call(rates_of(timetable, range(step, end), position.early_stopping.reductions), sampled)


def end_step(timetable: Timetable, position: Position) -> int:
    """Number of steps done at the end of the current epoch."""
    return (position.epochs + 1) * timetable.steps_per_epoch


def _sample_ahead(timetable: Timetable, position: Position) -> tuple[int, bool]:
    """(steps before the next sampled step of this epoch, whether the next step is sampled). Without a sampled step
    ahead, the first is the number of steps of an epoch."""
    within, sampled = position.step % timetable.steps_per_epoch, timetable.sampled
    if within < sampled.start:
        return sampled.start - within, False
    if within in sampled and undecided(position.sample):
        return 0, True
    return timetable.steps_per_epoch, False


def rates_of(timetable: Timetable, steps: range, reductions: int) -> Rates:
    """One row for each of `steps`, counted from zero."""
    rates = np.empty((len(steps), len(timetable.scalars)))
    for column, value in enumerate(timetable.scalars):
        number = NUMBERS[value]
        rates[:, column] = [number(timetable, step, reductions) for step in steps]
    return rates


def rate_of(timetable: Timetable, step: int, reductions: int) -> float:
    """The learning rate of `step`, counted from zero; `reductions` are those of early stopping."""
    recipe, steps = timetable.recipe, timetable.steps_per_epoch
    moment = Moment(step / steps, (step + 1) / steps, recipe.epochs, reductions)
    return rate_at(recipe.schedule, recipe.sgd.rate, moment)


NUMBERS: Mapping[Value, Callable[[Timetable, int, int], float]] = {RATE: rate_of}
"""Value of each of a training program's `scalars`, as a function of the timetable, the step, and the number of times
that the plateau schedule has reduced the rate."""

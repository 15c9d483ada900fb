"""The learning rate follows its schedule step by step."""

import pytest

from netspec.ir.recipe import Schedule
from netspec.train.schedules import RULES, Moment, rate_at


def rates(schedule: Schedule, epochs: int, steps: int, base: float = 1.0) -> list[float]:
    """The rate of the first step of each epoch of so many steps."""
    moments = (Moment(e, e + 1 / steps, epochs) for e in range(epochs))
    return [rate_at(schedule, base, moment) for moment in moments]


def test_a_constant_schedule_keeps_the_rate() -> None:
    assert rates(Schedule("constant"), 3, 10, base=0.05) == [0.05] * 3


def test_a_step_schedule_drops_every_so_many_epochs() -> None:
    assert rates(Schedule("step", every=3, factor=0.1), 8, 10) == pytest.approx([1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01])


def test_a_step_schedule_drops_at_the_times_given() -> None:
    assert rates(Schedule("step", at=(2, 3, 6), factor=0.5), 8, 10) == [1, 1, 0.5, 0.25, 0.25, 0.25, 0.125, 0.125]


def test_a_time_with_a_fraction_falls_between_two_steps_of_an_epoch() -> None:
    schedule = Schedule("step", at=(0.5,), factor=0.1)
    assert [rate_at(schedule, 1.0, Moment(k / 4, (k + 1) / 4, 1)) for k in range(4)] == [1, 1, 0.1, 0.1]


def test_times_that_rounding_puts_just_before_an_epoch_count_as_reached() -> None:
    schedule = Schedule("step", every=0.1, factor=0.5)
    assert [rate_at(schedule, 1.0, Moment(k * 0.1, k * 0.1 + 0.1, 1)) for k in range(10)] == [0.5**k for k in range(10)]


def test_the_warmup_grows_evenly_and_ends_at_the_full_rate() -> None:
    schedule = Schedule("constant", warmup=2)
    grown = [rate_at(schedule, 0.4, Moment(k / 4, (k + 1) / 4, 9)) for k in range(10)]
    assert grown == pytest.approx([0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.4, 0.4])


def test_a_schedule_without_a_warmup_starts_at_the_full_rate() -> None:
    assert all(rate_at(Schedule(kind), 0.3, Moment(0, 0.1, 1)) == 0.3 for kind in RULES)

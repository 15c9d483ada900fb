"""The learning rate follows its schedule step by step."""

import math

import numpy as np
import pytest

from netspec.ir.recipe import Schedule
from netspec.train.step.schedules import RULES, Moment, rate_at


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
    assert all(rate_at(Schedule(kind), 0.3, Moment(0, 0.1, 1)) == 0.3 for kind in RULES if kind != "onecycle")


def test_an_exponential_schedule_multiplies_once_an_epoch() -> None:
    assert rates(Schedule("exponential", factor=0.5), 4, 10) == [1, 0.5, 0.25, 0.125]
    assert rate_at(Schedule("exponential", factor=0.5), 1.0, Moment(1.9, 2.0, 4)) == 0.5


def test_a_cosine_schedule_falls_to_zero_over_the_whole_training() -> None:
    wanted = [(1 + math.cos(math.pi * epoch / 8)) / 2 for epoch in range(8)]
    assert rates(Schedule("cosine"), 8, 10, base=0.3) == pytest.approx([0.3 * part for part in wanted])
    assert rate_at(Schedule("cosine"), 1.0, Moment(4, 4.1, 8)) == pytest.approx(0.5)
    assert rate_at(Schedule("cosine"), 1.0, Moment(8 - 1e-6, 8, 8)) == pytest.approx(0, abs=1e-9)


def test_a_cosine_schedule_is_the_one_of_pytorch() -> None:
    """`CosineAnnealingLR(T_max=10)` of rate 0.1, stepped once an epoch."""
    published = [0.1, 0.097553, 0.090451, 0.079389, 0.065451, 0.05, 0.034549, 0.020611, 0.009549, 0.002447]
    assert rates(Schedule("cosine"), 10, 1, base=0.1) == pytest.approx(published, abs=1e-6)


def test_a_onecycle_schedule_climbs_for_three_tenths_and_falls_to_nearly_zero() -> None:
    schedule = Schedule("onecycle")
    assert rate_at(schedule, 1.0, Moment(0, 0.1, 10)) == pytest.approx(1 / 25)
    assert rate_at(schedule, 1.0, Moment(1.5, 1.6, 10)) == pytest.approx((1 + 1 / 25) / 2)
    assert rate_at(schedule, 1.0, Moment(3, 3.1, 10)) == pytest.approx(1)
    assert rate_at(schedule, 1.0, Moment(6.5, 6.6, 10)) == pytest.approx(0.5, abs=1e-5)
    assert rate_at(schedule, 1.0, Moment(10, 10.1, 10)) == pytest.approx(1 / 250_000)
    climbing = [rate_at(schedule, 1.0, Moment(time, time, 10)) for time in np.linspace(0, 3, 50)]
    falling = [rate_at(schedule, 1.0, Moment(time, time, 10)) for time in np.linspace(3, 10, 50)]
    assert climbing == sorted(climbing)
    assert falling == sorted(falling, reverse=True)


def test_a_plateau_schedule_multiplies_once_a_reduction() -> None:
    schedule = Schedule("plateau", factor=0.5)
    assert [rate_at(schedule, 0.8, Moment(9, 9.1, 20, reductions)) for reductions in range(3)] == [0.8, 0.4, 0.2]


@pytest.mark.parametrize("kind", RULES)
def test_the_schedule_runs_on_beneath_the_warmup(kind: str) -> None:
    plain, warm = Schedule(kind, every=1), Schedule(kind, every=1, warmup=4)
    for time in (0.0, 1.25, 3.0, 3.5, 7.0):
        moment = Moment(time, time + 0.25, 9)
        share = min(1.0, (time + 0.25) / 4)
        assert rate_at(warm, 0.1, moment) == pytest.approx(share * rate_at(plain, 0.1, moment))


def test_a_rate_of_zero_stays_zero_whatever_multiplies_it() -> None:
    late = Moment(400.0, 400.1, 500)
    assert rate_at(Schedule("exponential", factor=1e200), 0.0, late) == 0
    assert rate_at(Schedule("step", every=1e-308, factor=10.0), 0.0, late) == 0


def test_a_rate_beyond_every_float_is_infinite() -> None:
    late = Moment(400.0, 400.1, 500)
    assert rate_at(Schedule("exponential", factor=1e200), 1e-300, late) == math.inf
    assert rate_at(Schedule("step", at=(1, 2, 3), factor=1e200), 0.1, late) == math.inf


@pytest.mark.parametrize(("factor", "rate"), [(0.5, 0.0), (1.0, 0.3), (2.0, math.inf)])
def test_infinitely_many_steps_come_to_their_limit(factor: float, rate: float) -> None:
    assert rate_at(Schedule("step", every=1e-308, factor=factor), 0.3, Moment(1.0, 1.1, 2)) == rate


@pytest.mark.parametrize("every", [1e-308, 5e-324, 1e-9, 1e-8])
def test_the_first_step_of_all_is_before_every_time(every: float) -> None:
    assert rate_at(Schedule("step", every=every, factor=0.5), 0.3, Moment(0.0, 0.1, 2)) == 0.3

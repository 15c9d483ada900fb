"""Calls cover every step once, end where they must and nowhere else, and tell each step the rate of its schedule."""

import math
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from netspec.ir.graph import Value
from netspec.ir.objective import RATE
from netspec.ir.recipe import Schedule, Sgd, TrainOptions
from netspec.train.step.calls import NUMBERS, Call, Timetable, end_step, next_call, rate_of
from netspec.train.step.early_stopping import EarlyStopping
from netspec.train.step.schedules import RULES, Moment, rate_at
from netspec.train.step.snapshot import Position
from netspec.train.watch.sample import Sample

SCHEDULES = st.builds(
    Schedule,
    kind=st.sampled_from(sorted(set(RULES) - {"plateau"})),
    every=st.sampled_from((0.3, 1.0, 2.0)),
    at=st.sampled_from(((), (0.5, 2.0))),
    factor=st.sampled_from((0.1, 0.5, 1e200)),
    warmup=st.sampled_from((0.0, 0.7, 3.0)),
) | st.just(Schedule("plateau", factor=0.5, warmup=0.7))
SEEN = Sample(64)
"""Shows every layer alive: no further step is looked into."""


@st.composite
def timetables(draw: st.DrawFn) -> Timetable:
    steps = draw(st.integers(1, 40))
    sampled = draw(st.sampled_from((range(0), range(max(0, steps - 3), steps - 1), range(steps - 1, steps))))
    recipe = TrainOptions(epochs=draw(st.integers(1, 5)), schedule=draw(SCHEDULES), sgd=Sgd(rate=0.3))
    return Timetable(recipe, steps, sampled, draw(st.none() | st.integers(1, 30)))


def position_at(timetable: Timetable, step: int, reductions: int = 0, sample: Sample = SEEN) -> Position:
    """The position in an epoch that has this step left."""
    epochs = step // timetable.steps_per_epoch
    return Position(epochs=epochs, step=step, early_stopping=EarlyStopping(reductions=reductions), sample=sample)


def definition(timetable: Timetable, step: int, reductions: int) -> float:
    """The rate of a step as the schedule alone gives it."""
    recipe, steps = timetable.recipe, timetable.steps_per_epoch
    return rate_at(
        recipe.schedule, recipe.sgd.rate, Moment(step / steps, (step + 1) / steps, recipe.epochs, reductions)
    )


@given(timetables(), st.data(), st.integers(0, 3), st.booleans())
def test_rates_are_those_of_the_schedule_step_by_step(
    timetable: Timetable, data: st.DataObject, reductions: int, looking: bool
) -> None:
    step = data.draw(st.integers(0, timetable.recipe.epochs * timetable.steps_per_epoch - 1))
    position = position_at(timetable, step, reductions, Sample() if looking else SEEN)
    call = next_call(timetable, position, data.draw(st.integers(1, 100)))
    assert call.rates.shape == (call.steps, 1)
    assert call.rates[:, 0].tolist() == [definition(timetable, step + k, reductions) for k in range(call.steps)]
    assert rate_of(timetable, step, reductions) == call.rates[0, 0]


@given(timetables(), st.data(), st.booleans(), st.integers(1, 100))
def test_a_call_is_as_long_as_may_be(timetable: Timetable, data: st.DataObject, looking: bool, most: int) -> None:
    step = data.draw(st.integers(0, timetable.recipe.epochs * timetable.steps_per_epoch - 1))
    call = next_call(timetable, position_at(timetable, step, sample=Sample() if looking else SEEN), most)
    within, sampled = step % timetable.steps_per_epoch, timetable.sampled
    seen = [step + k for k in range(most)]
    if timetable.milestone:
        seen = seen[: timetable.milestone - step % timetable.milestone]
    seen = seen[: timetable.steps_per_epoch - within]
    if looking and within in sampled:
        seen = seen[:1]
    elif within < sampled.start:
        seen = seen[: sampled.start - within]
    assert call.steps == len(seen) > 0
    assert call.looked_into == (looking and within in sampled)


@given(timetables(), st.lists(st.integers(1, 50), min_size=1, max_size=5))
def test_calls_of_any_length_tell_the_same_rates(timetable: Timetable, lengths: list[int]) -> None:
    def told(lengths: list[int]) -> list[float]:
        position, rates = Position(), list[float]()
        while position.epochs < timetable.recipe.epochs:
            while position.step < end_step(timetable, position):
                call = next_call(timetable, position, lengths[len(rates) % len(lengths)])
                rates += call.rates[:, 0].tolist()
                sample = SEEN if call.looked_into else position.sample
                position = replace(position, step=position.step + call.steps, sample=sample)
            position = replace(position, epochs=position.epochs + 1, sample=Sample())
        return rates

    assert told(lengths) == told([1])
    assert len(told(lengths)) == timetable.recipe.epochs * timetable.steps_per_epoch


def test_a_rate_that_moves_at_every_step_cuts_no_call_short() -> None:
    recipe = TrainOptions(epochs=3, schedule=Schedule("onecycle", warmup=1.0))
    call = next_call(Timetable(recipe, 500, range(499, 500)), Position(), 400)
    assert call.steps == 400
    assert len(set(call.rates[:, 0].tolist())) == 400


def test_a_rate_beyond_every_float_is_infinite() -> None:
    recipe = TrainOptions(epochs=9, schedule=Schedule("exponential", factor=1e200), sgd=Sgd(rate=1.0))
    timetable = Timetable(recipe, 2, range(0))
    assert next_call(timetable, position_at(timetable, 6), 2).rates.tolist() == [[math.inf]] * 2


def test_columns_are_those_of_the_program(monkeypatch) -> None:  # pyright: ignore[reportMissingParameterType]
    other = Value("other", (), batched=False)
    monkeypatch.setattr(
        "netspec.train.step.calls.NUMBERS", {**NUMBERS, other: lambda timetable, step, reductions: -step}
    )
    timetable = Timetable(TrainOptions(), 10, range(0), None, (other, RATE))
    found: Call = next_call(timetable, Position(), 3)
    assert found.rates.tolist() == [[-step, rate_of(timetable, step, 0)] for step in range(3)]
    assert next_call(replace(timetable, scalars=()), Position(), 3).rates.shape == (3, 0)

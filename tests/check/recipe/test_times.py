"""A time beyond the end of a training is warned of exactly where it changes nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from netspec.ir.recipe import Schedule
from netspec.train.step.early_stopping import EarlyStopping
from netspec.train.step.schedules import Moment, rate_at
from tests.check.reading_specs import examined

NET = "net n { input 1x8x8; dense 10 }\ndata digits validate=0.2\n"
EPOCHS, TIMES = st.integers(1, 12), st.integers(1, 15)
STEPS_AN_EPOCH = 3


def warned(lines: str, epochs: int) -> tuple[Schedule, bool]:
    """The schedule of a `train` block, and whether anything in it was said to be too late."""
    experiment, report = examined(f"{NET}train {{ {lines}; epochs {epochs} }}")
    assert {d.code for d in report.diagnostics} <= {"W210"}
    return experiment.train.schedule, bool(report.diagnostics)


def rates(schedule: Schedule, epochs: int) -> list[float]:
    """Of every step of a training."""
    moments = (k / STEPS_AN_EPOCH for k in range(epochs * STEPS_AN_EPOCH))
    return [rate_at(schedule, 1.0, Moment(begin, begin + 1 / STEPS_AN_EPOCH, epochs)) for begin in moments]


@given(EPOCHS, st.lists(TIMES, min_size=1, max_size=3, unique=True))
def test_steps_are_warned_of_where_one_does_not_come(epochs: int, times: list[int]) -> None:
    written = " ".join(map(str, sorted(times)))
    schedule, late = warned(f"schedule step at=({written})", epochs)
    assert late == (len(set(rates(schedule, epochs))) < len(times) + (0 not in times))


@given(EPOCHS, TIMES)
def test_regular_steps_are_warned_of_where_none_comes(epochs: int, every: int) -> None:
    schedule, late = warned(f"schedule step every={every}", epochs)
    assert late == (len(set(rates(schedule, epochs))) == 1)


@given(EPOCHS, TIMES)
def test_a_warmup_is_warned_of_where_the_rate_stays_below_its_value(epochs: int, warmup: int) -> None:
    schedule, late = warned(f"schedule warmup={warmup}", epochs)
    assert late == (rates(schedule, epochs)[-1] < 1)


@given(EPOCHS, TIMES.map(lambda time: time - 1))
def test_a_plateau_is_warned_of_where_no_epoch_can_have_a_lower_rate(epochs: int, patience: int) -> None:
    schedule, late = warned(f"schedule plateau patience={patience}", epochs)
    watch = EarlyStopping()
    for epoch in range(1, epochs):  # the last epoch's loss changes no rate
        watch = watch.after(epoch, 1.0, schedule)
    assert late == (watch.reductions == 0)


@given(EPOCHS, TIMES)
def test_a_stop_is_warned_of_where_no_training_can_end_early(epochs: int, patience: int) -> None:
    schedule, late = warned(f"stop patience={patience}", epochs)
    watch = EarlyStopping().after(1, 1.0, schedule)
    assert late == (not any(watch.exhausted(done, patience) for done in range(1, epochs)))


def test_nothing_is_said_of_times_where_the_block_has_errors() -> None:
    _, report = examined(NET + "train { schedule step at=(30); epochs many }")
    assert [d.code for d in report.diagnostics] == ["E208"]

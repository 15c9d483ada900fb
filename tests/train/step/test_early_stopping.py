"""The plateau schedule and early stopping follow scripted losses exactly."""

import pytest

from netspec.ir.recipe import Schedule
from netspec.train.step.early_stopping import EarlyStopping
from netspec.train.step.schedules import Moment, rate_at

PLAIN = Schedule()


def watches(losses: list[float], schedule: Schedule = PLAIN) -> list[EarlyStopping]:
    """The watch before the first epoch and after each."""
    seen = [EarlyStopping()]
    for epoch, loss in enumerate(losses, 1):
        seen.append(seen[-1].after(epoch, loss, schedule))
    return seen


def plateau_rates(losses: list[float], factor: float, patience: int) -> list[float]:
    """The rate of every epoch, of 1 at first, and of the one after the last."""
    schedule = Schedule("plateau", factor=factor, patience=patience)
    seen = watches(losses, schedule)
    return [rate_at(schedule, 1.0, Moment(k, k + 1, 99, watch.reductions)) for k, watch in enumerate(seen)]


def epochs_trained(losses: list[float], patience: int | None) -> int:
    """After how many epochs a training stops that meets these losses."""
    seen = watches(losses)
    return next((epoch for epoch, watch in enumerate(seen) if watch.exhausted(epoch, patience)), len(losses))


SCRIPTS: dict[str, tuple[list[float], int, list[float]]] = {
    "always falling": ([5, 4, 3, 2, 1], 1, [1, 1, 1, 1, 1, 1]),
    "never falling": ([3, 3, 3, 3, 3, 3, 3], 2, [1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.125]),
    "a tie is no progress": ([3, 2, 2, 1], 1, [1, 1, 1, 0.5, 0.5]),
    "below the last but not below all": ([1, 3, 2, 2.5], 3, [1, 1, 1, 1, 0.5]),
    "progress at the last moment": ([3, 4, 2, 4, 1, 4], 2, [1, 1, 1, 1, 1, 1, 1]),
    "waiting begins anew after a reduction": ([1, 2, 2, 2, 2, 2, 2], 3, [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25]),
    "progress after a reduction keeps the rate": ([1, 2, 2, 0.5, 2, 2], 2, [1, 1, 1, 0.5, 0.5, 0.5, 0.25]),
    "no patience is a patience of one": ([1, 2, 0.5, 2], 0, [1, 1, 0.5, 0.5, 0.25]),
    "the smallest difference is progress": ([1.0, 1.0 - 2**-53, 1.0 - 2**-52], 1, [1, 1, 1, 1]),
}


@pytest.mark.parametrize(("losses", "patience", "rates"), SCRIPTS.values(), ids=SCRIPTS)
def test_the_rate_falls_on_a_plateau(losses: list[float], patience: int, rates: list[float]) -> None:
    assert plateau_rates(losses, 0.5, patience) == rates


def test_a_schedule_that_does_not_watch_never_reduces() -> None:
    assert all(watch.reductions == 0 for watch in watches([1, 2, 3, 4, 5], Schedule("step", patience=1)))


STOPS: dict[str, tuple[list[float], int | None, int]] = {
    "always falling": ([5, 4, 3, 2, 1], 1, 5),
    "at once": ([1, 2, 0.5], 1, 2),
    "after its patience": ([3, 2, 4, 4, 4, 1], 3, 5),
    "progress in time": ([3, 4, 4, 2, 3, 3, 1, 9, 9, 9, 9], 3, 10),
    "ties do not count": ([1, 1, 1, 0.5], 2, 3),
    "without a stop": ([1, 2, 3, 4], None, 4),
}


@pytest.mark.parametrize(("losses", "patience", "epochs"), STOPS.values(), ids=STOPS)
def test_training_stops_where_nothing_gets_better(losses: list[float], patience: int | None, epochs: int) -> None:
    assert epochs_trained(losses, patience) == epochs


def test_a_reduction_does_not_put_the_stop_off() -> None:
    seen = watches([1, 2, 2, 2, 2], Schedule("plateau", factor=0.5, patience=1))
    assert [watch.exhausted(epoch, 4) for epoch, watch in enumerate(seen)] == [False] * 5 + [True]


def test_the_best_epoch_is_the_first_of_the_lowest() -> None:
    assert [watch.best_epoch for watch in watches([3, 2, 2, 5, 1, 1])] == [0, 1, 2, 2, 2, 5, 5]
    assert watches([3, 2, 2])[-1].lowest == 2

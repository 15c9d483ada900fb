"""A training is saved when asked, and after epochs as long as that costs little."""

import pytest

from netspec.train.events import EpochDone, Progress
from netspec.train.run import cadence
from netspec.train.run.cadence import Cadence, Saving
from netspec.train.step.scores import Scores


class Clock:
    now = 100.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(cadence, "perf_counter", lambda: clock.now)
    return clock


def progress(step: int, phase="training") -> Progress:
    return Progress(phase, 1, 9, step, 10, 100, 0.5, 0.5, 100.0, 0.1)


def done(step: int) -> EpochDone:
    return EpochDone(1, 9, step, 0.1, Scores(1, 1, 1), None, 1.0, 1.0)


def test_every_so_many_steps(clock: Clock) -> None:
    following = Cadence(Saving(steps=50))
    assert [step for step in range(1, 200) if following.due(progress(step))] == [50, 100, 150]
    assert not following.due(progress(50, "validation"))
    assert following.due(done(100))


def test_every_so_many_seconds_in_any_phase(clock: Clock) -> None:
    following = Cadence(Saving(seconds=30))
    clock.now += 29.9
    assert not following.due(progress(7))
    clock.now += 0.2
    assert following.due(progress(7))
    assert following.due(progress(7, "validation"))
    following.saved(clock.now)
    assert not following.due(progress(8))


def test_short_epochs_are_not_saved_one_by_one(clock: Clock) -> None:
    following, saved = Cadence(Saving()), 0
    for _ in range(1000):
        clock.now += 0.005
        if following.due(done(1)):
            saved += 1
            following.saved(clock.now)
    assert saved == 4


def test_a_checkpoint_that_takes_long_is_written_less_often(clock: Clock) -> None:
    following = Cadence(Saving())
    clock.now += 2
    assert following.due(done(1))
    clock.now += 0.5
    following.saved(clock.now - 0.5)
    clock.now += 24.9
    assert not following.due(done(2))
    clock.now += 0.2
    assert following.due(done(2))

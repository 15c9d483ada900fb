"""Calls grow to a tenth of a second's work and shrink at once when steps turn slow."""

from itertools import pairwise

from netspec.runtime.pace import CALL_SECONDS, Pace


def test_calls_grow_until_they_take_a_tenth_of_a_second() -> None:
    pace, asked = Pace(), []
    for _ in range(8):
        asked.append(pace.steps)
        pace.ran(pace.steps, pace.steps * 1e-3)
    assert asked[0] == 1
    assert asked[-1] == 100
    assert all(after <= 4 * before for before, after in pairwise(asked))


def test_a_slow_call_makes_the_next_one_short() -> None:
    pace = Pace()
    for _ in range(8):
        pace.ran(pace.steps, pace.steps * 1e-3)
    pace.ran(100, 50.0)
    assert pace.steps == 1


def test_steps_that_take_no_time_that_the_clock_sees_are_no_division_by_zero() -> None:
    pace = Pace()
    for _ in range(50):
        pace.ran(pace.steps, 0.0)
    assert 1 <= pace.steps <= 10**6


def test_reports_are_due_at_most_ten_times_a_second() -> None:
    pace = Pace()
    assert sum(pace.due(k * 0.01) for k in range(100)) <= 1 / CALL_SECONDS + 1

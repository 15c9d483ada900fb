"""Lines for a file, lines and a bar for a terminal."""

import contextlib
import os
import pty
from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest

from netspec.cli.show.training_display import HEAD, Display, duration, epoch_line, scores_line
from netspec.train.events import EpochDone, Event, Finished, Lost, Progress, Started, Warned
from netspec.train.step.scores import Scores

EVENTS: list[Event] = [
    Started("small", 14, 100, 20, 10, 1, 10, 10, 4096, dict, lambda: None),
    Progress("training", 1, 1, 5, 50, 100, 1.5, 0.5, 1234.0, 0.05),
    Progress("validation", 1, 1, 10, 10, 20, 1.25, 0.5, 1234.0, 0.05),
    EpochDone(1, 1, 10, 0.05, Scores(100, 1.25, 0.625), Scores(20, 1.5, 0.5), 0.5, 200.0),
    Finished(1, 10, 0.5, Scores(100, 1.25, 0.625), Scores(20, 1.5, 0.5), None, {}, 1),
]


def test_a_file_gets_a_line_an_epoch_and_no_bar() -> None:
    stream = StringIO()
    display = Display(stream)
    with display.running():
        for event in EVENTS:
            display.show(event)
    head, row = stream.getvalue().splitlines()
    assert head == HEAD
    assert row.split() == ["1", "0.05", "1.2500", "62.50", "%", "1.5000", "50.00", "%", "200", "0.5", "s"]


def test_columns_stand_under_their_headings() -> None:
    (row,) = (epoch_line(event) for event in EVENTS if isinstance(event, EpochDone))
    assert len(row) == len(HEAD)
    without = EpochDone(1, 1, 10, 0.05, Scores(100, 1.25, 0.625), None, 0.5, 200.0)
    assert len(epoch_line(without)) == len(HEAD)


def test_a_terminal_gets_a_bar_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    above, below = pty.openpty()
    with os.fdopen(below, "w") as terminal, ThreadPoolExecutor() as pool:
        reading = pool.submit(read_all, above)
        display = Display(terminal)
        with display.running():
            for event in EVENTS:
                display.show(event)
        terminal.close()
        said = reading.result()
    assert "1.2500" in said
    assert "images/s" in said
    assert "validation" in said
    assert said.endswith(("\x1b[2K", "\x1b[?25h"))


def test_names_do_not_move_the_cursor_of_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    above, below = pty.openpty()
    with os.fdopen(below, "w", encoding="utf-8", errors="backslashreplace") as terminal, ThreadPoolExecutor() as pool:
        reading = pool.submit(read_all, above)
        display = Display(terminal)
        display.line("first \x1b[2J:dog:\udcfc")
        display.show(Lost((("a\x1b[2J\nb", "it is\x9b gone"),)))
        display.show(Warned("W401", "a\x1b[2J", ("b\x1b[2J",)))
        terminal.close()
        said = reading.result()
    assert "\x1b[2J" not in said
    assert "\x9b" not in said
    assert r"first ␛[2J:dog:\xfc" in said
    assert "`a␛[2J␊b` cannot be read any more (it is� gone)" in said


def read_all(terminal: int) -> str:
    """What was written to a terminal until it was closed."""
    said = b""
    with contextlib.suppress(OSError):
        while some := os.read(terminal, 1 << 16):
            said += some
    os.close(terminal)
    return said.decode()


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (42.4, "42 s"), (187, "3:07"), (3787, "1:03:07"), (59.9, "1:00")],
)
def test_durations_are_written_for_people(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_scores_tell_how_many_were_right() -> None:
    line = scores_line("test", Scores(10_000, 0.0272, 0.9912))
    assert line == "test accuracy  99.12 %  (9,912 of 10,000 images), loss 0.0272"

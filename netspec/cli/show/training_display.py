"""How a training looks while it runs: a line an epoch, and on a terminal a bar below them."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from netspec.cli.show.printing import visible, wants_colour
from netspec.diagnostics.cells import shown
from netspec.train.events import Diverged, EpochDone, Event, Finished, Lost, Progress, Started, Warned
from netspec.train.step.scores import Scores

HEAD = "epoch        rate   train loss   accuracy   valid. loss   accuracy   images/s     time"
NOTHING = "-"


class Display:
    """Follows the events of one training. Lines go to `stream`, the bar to whichever stream is a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._console = _terminal(stream) or (_terminal(sys.stderr) if stream is not sys.stderr else None)
        self._same = stream.isatty()
        self._bar = _bar(self._console) if self._console else None
        self._task: TaskID | None = None
        self._images = 1

    def running(self) -> AbstractContextManager[object]:
        """While this is open the bar is there; until the training starts it tells that kernels are compiled."""
        if self._bar is None:
            return nullcontext()
        self._task = self._bar.add_task("", total=None, what="compiling", figures="")
        return self._bar

    def show(self, event: Event) -> None:
        """Draws what an event tells."""
        match event:
            case Started():
                self._begin(event)
            case Progress():
                self._advance(event)
            case EpochDone():
                self.line(epoch_line(event))
            case Lost():
                for path, why in event.files:
                    self.line(shown(f"`{path}` cannot be read any more ({why}): another image takes its place"))
            case Warned():
                self.line(f"warning[{event.code}]: {event.message}")
                for text in event.helps:
                    self.line(f"  = help: {text}")
            case Finished() | Diverged():
                pass

    def line(self, text: str) -> None:
        """A line above the bar, or several."""
        text = visible(text)
        if self._console and self._same:
            self._console.print(text, highlight=False, markup=False, emoji=False, soft_wrap=True)
        else:
            self._stream.write(text + "\n")
            self._stream.flush()

    def _begin(self, event: Started) -> None:
        self._images = event.images
        if self._bar and self._task is not None:
            self._bar.update(self._task, total=event.images * event.epochs, what="training")
        self.line(HEAD)

    def _advance(self, event: Progress) -> None:
        if self._bar is None or self._task is None:
            return
        done = self._images * event.epoch if event.phase != "training" else None
        where = f"epoch {event.epoch}/{event.epochs}" if event.phase == "training" else event.phase
        figures = f"{event.images_per_second:,.0f} images/s  loss {event.loss:.4f}  accuracy {percent(event.accuracy)}"
        completed = self._images * (event.epoch - 1) + event.images if done is None else done
        self._bar.update(self._task, completed=completed, what=where, figures=figures)


def _terminal(stream: TextIO) -> Console | None:
    """A console on a stream that is a terminal which can move its cursor."""
    console = Console(file=stream, no_color=not wants_colour(stream))
    return console if stream.isatty() and not console.is_dumb_terminal else None


def _bar(console: Console) -> Bar:
    columns = (
        TextColumn("{task.fields[what]}"),
        BarColumn(),
        TextColumn("{task.fields[figures]}"),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    return Bar(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False)


def epoch_line(done: EpochDone) -> str:
    """A row of the epoch table."""
    validation = done.validation
    cells = (
        f"{done.epoch:>5}",
        f"{done.rate:>10.4g}",
        f"{done.training.loss:>11.4f}",
        f"{percent(done.training.accuracy):>9}",
        f"{validation.loss:>12.4f}" if validation else f"{NOTHING:>12}",
        f"{percent(validation.accuracy if validation else None):>9}",
        f"{done.images_per_second:>9,.0f}",
        f"{duration(done.seconds):>7}",
    )
    return "  ".join(cells)


def scores_line(part: str, scores: Scores) -> str:
    """`test accuracy        99.12 %  (9,912 of 10,000 images), loss 0.0272`; of a regression its loss alone."""
    if scores.accuracy is None:
        return f"{part} loss  {scores.loss:.4f}  ({scores.images:,} images)"
    right = round(scores.accuracy * scores.images)
    return (
        f"{part} accuracy  {percent(scores.accuracy)}  ({right:,} of {scores.images:,} images), loss {scores.loss:.4f}"
    )


def percent(fraction: float | None) -> str:
    return NOTHING if fraction is None else f"{100 * fraction:.2f} %"


def duration(seconds: float) -> str:
    """`0.3 s`, `42 s`, `3:07`, `1:03:07`"""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

"""Times of a `train` block that lie beyond its end, so that they change nothing: a warning each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from netspec.check.scope import Scope
from netspec.check.words.training import beyond_the_end
from netspec.ir.recipe import Schedule, TrainOptions
from netspec.syntax.tree import Statement


class Late(NamedTuple):
    """A time that comes too late: its line and attribute, how it is written, and what comes of it."""

    line: str
    attribute: str
    written: str
    effect: str


def warn_late(options: TrainOptions, statements: Mapping[str, Statement], scope: Scope) -> None:
    """Warns (W210) of every time of `options` that lies beyond its epochs; `statements` are the lines of its block."""
    for late in (*_of_schedule(options.schedule, options.epochs), *_of_stop(options)):
        line = statements[late.line]
        given = (one.span for one in line.arguments if one.key is not None and one.key.text == late.attribute)
        span, end = next(given, line.name.span), options.lines.get("epochs")
        scope.complain(beyond_the_end(late.written, options.epochs, late.effect, span, end))


def _of_schedule(schedule: Schedule, epochs: int) -> Iterator[Late]:
    """A step at a time T comes before the first minibatch that begins at T epochs or later."""
    missed = [time for time in schedule.at if time >= epochs]
    if missed:
        effect = "no step comes" if len(missed) == len(schedule.at) else "the last steps do not come"
        yield Late("schedule", "at", f"at={missed[0]:g}", effect)
    if schedule.every is not None and schedule.every >= epochs:
        yield Late("schedule", "every", f"every={schedule.every:g}", "no step comes")
    if schedule.kind == "plateau" and _first_possible(schedule.patience) >= epochs:
        yield Late(
            "schedule", "patience", f"patience={schedule.patience}", _earliest("the rate falls", schedule.patience)
        )
    if schedule.warmup > epochs:
        yield Late("schedule", "warmup", f"warmup={schedule.warmup:g}", "the rate does not reach its value")


def _of_stop(options: TrainOptions) -> Iterator[Late]:
    patience = options.stop_patience
    if patience is not None and _first_possible(patience) >= options.epochs:
        yield Late("stop", "patience", f"patience={patience}", _earliest("ends the training", patience))


def _first_possible(patience: int) -> int:
    """The first epoch after which so many have passed without progress: epoch 1 always makes some."""
    return 1 + max(1, patience)


def _earliest(what: str, patience: int) -> str:
    return f"{what} after epoch {_first_possible(patience):,} at the earliest"

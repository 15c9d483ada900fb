"""The options that tell how often a training is saved."""

from __future__ import annotations

import re
from functools import wraps
from typing import Any, cast

import click

from netspec.cli.options import Decorated
from netspec.train.run.cadence import KEPT, Saving


def checkpoint_options(function: Decorated) -> Decorated:
    """Adds `--checkpoint-every` and `--keep`; the command gets `saving: Saving`."""

    @wraps(function)
    def command(every: tuple[int | None, float | None], keep: int | None, **given: Any) -> Any:
        steps, seconds = every
        return function(saving=Saving(steps, seconds, keep), **given)

    every = click.option(
        "--checkpoint-every",
        "every",
        metavar="STEPS|TIME",
        callback=_steps_or_time,
        help="Save the training every so many steps (500) or minutes (10m, 30s), beside epochs  [default: 10m].",
    )
    keep = click.option(
        "--keep",
        type=click.IntRange(1),
        help=f"How many checkpoints to keep  [default: {KEPT}; of a finished run the last alone].",
    )
    return cast("Decorated", every(keep(command)))


def _steps_or_time(ctx: click.Context, parameter: click.Parameter, text: str | None) -> tuple[int | None, float | None]:
    """Steps and seconds: `500` is steps, `10m` minutes, `30s` seconds."""
    if text is None:
        return None, None
    found = re.fullmatch(r"([0-9]{1,9})([ms]?)", text.strip())
    if found is None or int(found[1]) == 0:
        raise click.BadParameter(f"'{text}' is neither a number of steps, as in 500, nor a time, as in 10m or 30s.")
    number = int(found[1])
    if not found[2]:
        return number, None
    return None, float(number * (60 if found[2] == "m" else 1))

"""The options that tell how often a training is saved."""

from __future__ import annotations

import re
from functools import wraps
from typing import Any, cast

import click

from netspec.cli.options import Decorated
from netspec.train.cadence import Saving
from netspec.train.record import DEFAULT


def checkpoint_options(function: Decorated) -> Decorated:
    """Adds `--checkpoint-every` and `--keep`; the command gets `saving: Saving`."""

    @wraps(function)
    def command(every: tuple[int | None, float], keep: int, **given: Any) -> Any:
        steps, seconds = every
        return function(saving=Saving(steps, seconds, keep), **given)

    every = click.option(
        "--checkpoint-every",
        "every",
        metavar="STEPS|TIME",
        default="10m",
        show_default=True,
        callback=_steps_or_time,
        help="Save the training every so many steps (500) or minutes (10m, 30s), beside epochs.",
    )
    keep = click.option(
        "--keep", type=click.IntRange(1), default=DEFAULT.keep, show_default=True, help="How many checkpoints to keep."
    )
    return cast("Decorated", every(keep(command)))


def _steps_or_time(ctx: click.Context, parameter: click.Parameter, text: str) -> tuple[int | None, float]:
    """Steps and seconds: `500` is steps, `10m` minutes, `30s` seconds."""
    found = re.fullmatch(r"([0-9]{1,9})([ms]?)", text.strip())
    if found is None or int(found[1]) == 0:
        raise click.BadParameter(f"'{text}' is neither a number of steps, as in 500, nor a time, as in 10m or 30s.")
    number = int(found[1])
    if not found[2]:
        return number, DEFAULT.seconds
    return None, float(number * (60 if found[2] == "m" else 1))

"""The option `--tuning`, of commands that plan programs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from netspec.targets.cpu.costs import Costs
from netspec.train.run.tuning import read_tuning

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def tuning_option(function: Decorated) -> Decorated:
    """Adds `--tuning`; the command gets `costs: Costs | None`. Raises DataError (E547)."""
    return click.option(
        "--tuning",
        "costs",
        metavar="FILE",
        type=click.Path(path_type=Path),
        callback=_read,
        help="Choose algorithms by the costs in this table, which `netspec tune` writes.",
    )(function)


def _read(ctx: click.Context, parameter: click.Parameter, path: Path | None) -> Costs | None:
    return None if path is None else read_tuning(path)

"""Options that choose where programs run and what they are planned by: a `DeviceChoice`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from netspec.runtime.device import DeviceChoice
from netspec.targets.cpu.cost_table import read_tuning
from netspec.targets.cpu.costs import Costs

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

THREADS = click.option(
    "--threads", type=click.IntRange(1, 1024), help="How many threads compute  [default: physical cores it may use]."
)
EXACT = click.option(
    "--exact", is_flag=True, help="Plan without Winograd's convolution, which is faster and rounds a little more."
)


def threads_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--threads`; the command gets `choice: DeviceChoice`."""
    return THREADS(_choosing(function))


def device_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--threads`, `--exact` and `--tuning`; the command gets `choice: DeviceChoice`. Raises DataError (E547)."""
    return THREADS(planning_options(function))


def planning_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same without `--threads`."""
    return EXACT(_tuning(_choosing(function)))


def _choosing(function: Callable[..., Any]) -> Callable[..., Any]:
    """A command that takes a choice, as one that takes its fields."""

    @wraps(function)
    def command(
        *args: Any, threads: int | None = None, exact: bool = False, costs: Costs | None = None, **options: Any
    ) -> Any:
        return function(*args, choice=DeviceChoice(threads, exact, costs), **options)

    return command


def _tuning(function: Decorated) -> Decorated:
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

"""Options that choose where programs run and what they are planned by: a `DeviceChoice`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from netspec.cli.combinations import refuse_beside
from netspec.cli.options import Decorator
from netspec.cli.show.printing import note
from netspec.diagnostics.failure import UsageError
from netspec.runtime.device import DeviceChoice, Kind, automatic_kind
from netspec.targets.cpu.cost_table import read_tuning
from netspec.targets.cpu.costs import Costs
from netspec.targets.cuda.processor import TARGETS

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

VARIABLE = "NETSPEC_DEVICE"
OF_THE_CPU = ("threads", "exact", "costs")
"""Parameters that mean nothing on a GPU."""
DEVICE: Decorator[Any] = click.option(
    "--device",
    type=click.Choice(("cpu", "cuda", "auto")),
    envvar=VARIABLE,
    help=f"Processor or NVIDIA GPU; auto: a GPU where one can be used; else {VARIABLE} counts  [default: cpu].",
)
THREADS = click.option(
    "--threads", type=click.IntRange(1, 1024), help="How many threads compute  [default: physical cores it may use]."
)
EXACT = click.option(
    "--exact", is_flag=True, help="Plan without Winograd's convolution, which is faster and rounds a little more."
)
target_option: Decorator[Any] = click.option(
    "--target",
    "architecture",
    type=click.Choice(tuple(TARGETS)),
    help="Plan for this GPU, with `--device cuda`  [default: this machine's, else sm_90].",
)


def threads_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--threads`; the command gets `choice: DeviceChoice`."""
    return THREADS(_choosing(function))


def device_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--device`, `--threads`, `--exact` and `--tuning`; the command gets `choice: DeviceChoice`.

    Raises UsageError (E610) where an option of the CPU's is given for a GPU, DataError (E547).
    """
    return THREADS(planning_options(function))


def planning_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same without `--threads`."""
    return DEVICE(EXACT(_tuning(_choosing(function))))


def device_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--device` alone; the command gets `choice: DeviceChoice`."""
    return DEVICE(_choosing(function))


def check_architecture(choice: DeviceChoice, architecture: str | None) -> None:
    """Raises UsageError (E610) where `--target` names a GPU and another device is chosen."""
    if architecture is not None and choice.kind != "cuda":
        raise UsageError("E610", "`--target` needs `--device cuda`")


def _choosing(function: Callable[..., Any]) -> Callable[..., Any]:
    """A command that takes a choice, as one that takes its fields."""

    @wraps(function)
    def command(
        *args: Any,
        device: str | None = None,
        threads: int | None = None,
        exact: bool = False,
        costs: Costs | None = None,
        **options: Any,
    ) -> Any:
        if device in ("cuda", "auto"):
            refuse_beside(click.get_current_context(), "device", OF_THE_CPU)
        return function(*args, choice=DeviceChoice(threads, exact, costs, _kind(device)), **options)

    return command


def _kind(device: str | None) -> Kind | None:
    """The kind that is named, or chosen for `auto`, which is told."""
    match device:
        case "auto":
            kind, why = automatic_kind()
            note(f"auto chose the device {kind}: {why}")
            return kind
        case "cpu" | "cuda":
            return device
        case _:
            return None


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

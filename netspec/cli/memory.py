"""`--memory`: a limit to the memory of a program, told with the largest batch that fits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from netspec.cli.data_options import size_bytes
from netspec.cli.options import Decorator
from netspec.diagnostics.failure import DeviceError
from netspec.schedule.largest_batch import largest_batch
from netspec.targets.target import Program


def _size(ctx: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    return None if value is None else size_bytes(ctx, parameter, value)


memory_option: Decorator[Any] = click.option(
    "--memory", metavar="SIZE", callback=_size, help="Refuse a program that needs more memory, as `80GB`."
)


def check_memory(program: Program, limit_bytes: int | None, plan: Callable[[int], Program]) -> None:
    """Raises DeviceError (E590) where a program needs more than `limit_bytes`, with its memory and the largest batch
    that fits; `plan` makes the same program for another batch."""
    needed = program.peak_bytes
    if limit_bytes is None or needed <= limit_bytes:
        return
    message = f"`{program.name}` needs {needed:,} bytes at batch {program.batch:,}, planned for {program.target.name}"
    batch = largest_batch(lambda images: _fits(plan, images, limit_bytes), program.batch)
    raise DeviceError("E590", message, notes=(f"there are {limit_bytes:,} bytes",), helps=(_help(batch),))


def _fits(plan: Callable[[int], Program], images: int, limit_bytes: int) -> bool:
    """Whether a program for so many images fits; one with arrays too large to plan does not."""
    try:
        return plan(images).peak_bytes <= limit_bytes
    except DeviceError:
        return False


def _help(batch: int | None) -> str:
    if batch is None:
        return "not even one image fits: the images, or the net, have to be smaller"
    return f"the largest batch that fits is {batch:,}: `--set train.batch={batch}`"

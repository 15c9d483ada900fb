"""How much of a data set is held in memory, and a line that tells how far the first look at a large one is."""

from __future__ import annotations

import re
import sys
from time import monotonic
from typing import Any

import click

from netspec.cli.options import Decorator
from netspec.data.read_options import HELD_BYTES

UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
SIZE = re.compile(r"(\d{1,15})([KMG]?)B?", re.IGNORECASE)
TOLD_SECONDS = 0.2
"""between two changes of the line"""
QUIET_SECONDS = 1.0
"""Work that takes less is not told of."""


def size_bytes(ctx: click.Context, parameter: click.Parameter, value: str) -> int:
    """A callback of options that name a size: `500M`, `4G`, or bytes."""
    found = SIZE.fullmatch(value)
    if found is None:
        raise click.BadParameter(f"{value!r} is no size: write `500M` or `4G`", ctx, parameter)
    return int(found[1]) * UNITS[found[2].upper()]


data_memory_option: Decorator[Any] = click.option(
    "--data-memory",
    metavar="SIZE",
    default=f"{HELD_BYTES >> 20}M",
    show_default=True,
    callback=size_bytes,
    help="Parts of the data that take more stay in their files; no bit of the result depends on it.",
)


class _Line:
    """One line on a terminal, written over again and again."""

    def __init__(self) -> None:
        self._what, self._begun, self._told = "", 0.0, 0.0

    def tell(self, what: str, done: int, of: int) -> None:
        now = monotonic()
        if what != self._what or done <= 1:
            self._what, self._begun, self._told = what, now, now
        if done == of and self._told > self._begun:
            self._write("\r\x1b[K")
        elif now - self._begun > QUIET_SECONDS and now - self._told > TOLD_SECONDS:
            self._told = now
            self._write(f"\r\x1b[K{what}: {done:,} of {of:,} images")

    def _write(self, text: str) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(text)
            sys.stderr.flush()


data_progress = _Line().tell
"""Tells a person who waits; see `data.read_options.Progress`."""

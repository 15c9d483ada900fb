"""How far an evaluation is: on a terminal a line that is written over, elsewhere lines as they come."""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import monotonic

from netspec.cli.data_options import data_progress
from netspec.cli.show.printing import remark

PARTS = 10
"""So many lines at most, but for the first."""
APART_SECONDS = 1.0
"""Lines are at least so far apart, so a short evaluation has none but the first."""


class EvaluationProgress:
    """Tells a person, or a file that standard error goes to, who waits; `tell` is a `data.read_options.Progress`."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock, self._told_at, self._told = clock, 0.0, 0

    def begin(self, what: str, images: int) -> None:
        """Says what is going to be measured, where no line will be written over."""
        self._told_at, self._told = self._clock(), 0
        if not sys.stderr.isatty():
            remark(f"measuring {what}: {images:,} images")

    def tell(self, what: str, done: int, of: int) -> None:
        """`done` of `of` images are measured."""
        if sys.stderr.isatty():
            data_progress(what, done, of)
            return
        now, part = self._clock(), done * PARTS // of
        if part > self._told and done < of and now - self._told_at >= APART_SECONDS:
            self._told_at, self._told = now, part
            remark(f"{what}: {done:,} of {of:,} images")

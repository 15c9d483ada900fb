"""Cadence of checkpoints: after a number of steps, after a time, and after epochs, but not after every short one."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

from netspec.train.events import EpochDone, Progress

SHORTEST_SECONDS = 1.0
"""Shortest time between checkpoints after epochs."""
SHARE = 0.02
"""Largest fraction of the time for checkpoints after epochs."""


LONGEST_SECONDS = 600.0
"""Default of the longest time between checkpoints."""
KEPT = 2
"""Default number of checkpoints that are kept."""


@dataclass(frozen=True, slots=True)
class Saving:
    """The user's options of checkpoints, None for the default: one every `steps` steps, at least one every `seconds`;
    the last `keep` are kept."""

    steps: int | None = None
    seconds: float | None = None
    keep: int | None = None

    def over(self, before: Saving) -> Saving:
        """These options, with those of `before` as defaults."""
        every = before if self.steps is None and self.seconds is None else self
        return Saving(every.steps, every.seconds, self.keep or before.keep)


class Cadence:
    """Decides for one training when a checkpoint is due. Its cost is estimated by that of the last one."""

    def __init__(self, saving: Saving) -> None:
        self._saving = saving
        self._saved_at, self._cost_seconds = perf_counter(), 0.0

    def due(self, event: Progress | EpochDone) -> bool:
        """Whether a checkpoint is due at this event."""
        passed = perf_counter() - self._saved_at
        if passed >= (self._saving.seconds or LONGEST_SECONDS):
            return True
        if isinstance(event, EpochDone):
            return passed >= max(SHORTEST_SECONDS, self._cost_seconds / SHARE) or self._reached(event.step)
        return event.phase == "training" and self._reached(event.step)

    def _reached(self, step: int) -> bool:
        return self._saving.steps is not None and step % self._saving.steps == 0

    def saved(self, begun_seconds: float) -> None:
        """Records a written checkpoint; its writing began at `begun_seconds` of `perf_counter`."""
        self._saved_at = perf_counter()
        self._cost_seconds = self._saved_at - begun_seconds

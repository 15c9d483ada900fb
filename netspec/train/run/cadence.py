"""When a training is saved: after so many steps, after so long, and after epochs, though not after every short one."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

from netspec.train.events import EpochDone, Progress

SHORTEST_SECONDS = 1.0
"""Epochs that end sooner than this after the last checkpoint are not saved one by one."""
SHARE = 0.02
"""The part of the time that checkpoints after epochs may take."""


LONGEST_SECONDS = 600.0
"""No more time than this passes without a checkpoint, where nothing else is told."""
KEPT = 2
"""So many checkpoints are kept, where nothing else is told."""


@dataclass(frozen=True, slots=True)
class Saving:
    """What is told of checkpoints, None where nothing is: one every `steps` steps; at least one every so many seconds;
    the last `keep` are kept."""

    steps: int | None = None
    seconds: float | None = None
    keep: int | None = None

    def over(self, before: Saving) -> Saving:
        """What is told here, and else what was told before."""
        every = before if self.steps is None and self.seconds is None else self
        return Saving(every.steps, every.seconds, self.keep or before.keep)


class Cadence:
    """Follows one training. What a checkpoint costs is learnt from the last one."""

    def __init__(self, saving: Saving) -> None:
        self._saving = saving
        self._saved_at, self._cost_seconds = perf_counter(), 0.0

    def due(self, event: Progress | EpochDone) -> bool:
        """Whether the training is to be saved as it is at this event."""
        passed = perf_counter() - self._saved_at
        if passed >= (self._saving.seconds or LONGEST_SECONDS):
            return True
        if isinstance(event, EpochDone):
            return passed >= max(SHORTEST_SECONDS, self._cost_seconds / SHARE) or self._reached(event.step)
        return event.phase == "training" and self._reached(event.step)

    def _reached(self, step: int) -> bool:
        return self._saving.steps is not None and step % self._saving.steps == 0

    def saved(self, begun_seconds: float) -> None:
        """A checkpoint is written; writing it began at this time of `perf_counter`."""
        self._saved_at = perf_counter()
        self._cost_seconds = self._saved_at - begun_seconds

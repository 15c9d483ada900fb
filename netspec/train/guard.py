"""The guard finds the first step that leaves a number that is not finite, and reports its numerics.

Steps run in native code, many a call, and return only their losses. So a sound state is kept in memory; when a loss or
the weights are no longer finite, the steps since then run again one by one, to the same bits.
"""

from __future__ import annotations

from time import perf_counter

from netspec.diagnostics.failure import CompilerBug
from netspec.train.events import Diverged
from netspec.train.step.batch_source import BatchSource
from netspec.train.step.snapshot import Snapshot
from netspec.train.training import Training

SHARE = 0.005
"""Most of the time within an epoch that keeping states may take."""


class Guard:
    """Takes the steps of a training and checks that they stay finite."""

    def __init__(self, training: Training) -> None:
        self._training = training
        self._sound: Snapshot | None = None
        self._kept_at, self._cost_seconds = 0.0, 0.0

    def advance(self, batches: BatchSource) -> Diverged | None:
        """Takes some steps of the current epoch; returns the report of the first that is not finite, else None."""
        if self._due():
            found = self._keep(batches)
            if found:
                return found
        step = self._training.position.step
        steps = self._training.advance(batches)
        return self._hunt(batches, step + steps) if self._training.broken else None

    def end_steps(self, batches: BatchSource) -> Diverged | None:
        """Checks the weights after the last steps of an epoch. The next epoch keeps a state of its own."""
        sound = self._sound is None or self._training.sound()
        found = None if sound else self._hunt(batches, self._training.position.step)
        self._sound = None
        return found

    def _due(self) -> bool:
        return self._sound is None or perf_counter() - self._kept_at > self._cost_seconds / SHARE

    def _keep(self, batches: BatchSource) -> Diverged | None:
        """Keeps the present state where it is finite; else returns the report."""
        begun = perf_counter()
        snapshot = self._training.snapshot()
        if self._sound and not (snapshot and snapshot.sound):
            return self._hunt(batches, self._training.position.step)
        self._sound, self._kept_at = snapshot, perf_counter()
        self._cost_seconds = self._kept_at - begun
        return None

    def _hunt(self, batches: BatchSource, end: int) -> Diverged:
        """The report of the first failing step between the last sound state and step `end`."""
        training, before = self._training, self._sound
        assert before is not None  # the first call of every epoch keeps one
        training.restore(before)
        while training.position.step < end:
            training.advance(batches, most=1)
            if training.broken or not training.sound():
                training.restore(before)
                return Diverged("training", training.report_numerics("training"), before)
            before = training.snapshot()
            assert before is not None  # the step was whole
        raise CompilerBug("a step that broke the weights leaves them whole when it is taken again")

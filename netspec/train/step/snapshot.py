"""Snapshot of a training between two steps: from it the training continues to the same bits."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from netspec.train.step.early_stopping import EarlyStopping
from netspec.train.step.loss_curve import LossCurve
from netspec.train.step.scores import Array, RunningSums, Scores, Weights
from netspec.train.watch.explosion import LossPeak
from netspec.train.watch.sample import UNSAMPLED, Sample


@dataclass(frozen=True, slots=True)
class Elapsed:
    """Seconds over all sittings: of the training, of the current epoch's steps, and of waiting for images in these."""

    seconds: float = 0.0
    epoch_seconds: float = 0.0
    waited_seconds: float = 0.0


UNTIMED = Elapsed()


@dataclass(frozen=True, slots=True)
class Position:
    """Progress of a training: `epochs` whole epochs and `step` steps are done, the last of them at `rate`.

    `sums`, `loss_curve` and `sample` belong to the current epoch, `training` and `validation` to the last whole one,
    `best` to the one with the lowest validation loss. `dead` are the layers that an earlier epoch showed to be dead.
    Steps are minibatches of `batch` images; None where an older version did not record it. Two trainings that compute
    the same have equal positions.
    """

    epochs: int = 0
    step: int = 0
    rate: float = 0.0
    sums: RunningSums = field(default_factory=RunningSums)
    loss_curve: LossCurve = field(default_factory=LossCurve)
    training: Scores | None = None
    validation: Scores | None = None
    best: Scores | None = None
    early_stopping: EarlyStopping = field(default_factory=EarlyStopping)
    sample: Sample = UNSAMPLED
    dead: tuple[str, ...] = ()
    loss_peak: LossPeak = field(default_factory=LossPeak)
    batch: int | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`arrays` are parameters, running statistics and velocities by name. `best` are the weights of the best epoch;
    empty where the recipe does not stop early or no epoch is done. `elapsed` is the time spent so far."""

    position: Position
    arrays: Weights = field(repr=False)
    best: Weights = field(default_factory=dict[str, Array], repr=False)
    elapsed: Elapsed = UNTIMED

    @property
    def sound(self) -> bool:
        """Whether all numbers in `arrays` are finite."""
        return all(np.isfinite(array).all() for array in self.arrays.values())

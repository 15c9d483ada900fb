"""A training between two steps, whole: from a snapshot it goes on to the same bits."""

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
    """Seconds in all sittings: since the start, in the steps of the epoch under way, and of these waited for images."""

    seconds: float = 0.0
    epoch_seconds: float = 0.0
    waited_seconds: float = 0.0


UNTIMED = Elapsed()


@dataclass(frozen=True, slots=True)
class Position:
    """How far a training is: `epochs` are done whole, `step` steps in all, the last of them at the rate `rate`.

    `sums`, `loss_curve` and `sample` belong to the epoch under way, `training` and `validation` to the last whole one,
    and `best` to the one of the lowest validation loss. `dead` are the layers that an epoch before has shown to be
    dead. Steps are minibatches of `batch` images (None where an older version did not
    write it down). Two trainings that compute the same are at equal positions.
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
    """`arrays` are parameters, running statistics and velocities by name; `best` the weights of the best epoch, where
    the recipe stops early and one is done; `elapsed` the time that it took to come so far."""

    position: Position
    arrays: Weights = field(repr=False)
    best: Weights = field(default_factory=dict[str, Array], repr=False)
    elapsed: Elapsed = UNTIMED

    @property
    def sound(self) -> bool:
        """Whether all numbers to go on from are finite."""
        return all(np.isfinite(array).all() for array in self.arrays.values())

"""Events of a training, as values: the caller draws, prints or stores them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from netspec.train.step.scores import Scores, Weights
from netspec.train.step.snapshot import Snapshot
from netspec.train.watch.numerics import NumericsReport
from netspec.train.watch.sample import UNSAMPLED, Sample

Phase = Literal["training", "validation", "test"]


@dataclass(frozen=True, slots=True)
class Started:
    """Everything is compiled and in memory; a resumed training has `epochs_before` done.

    Between two events `weights()` returns the present weights (those of the best epoch so far where the recipe stops
    early), and `snapshot()` all that resuming needs, None within an interrupted step.
    """

    net: str
    parameters: int
    images: int
    validation_images: int
    test_images: int
    epochs: int
    batch: int
    steps_per_epoch: int
    arena_bytes: int
    weights: Callable[[], Weights]
    snapshot: Callable[[], Snapshot | None]
    epochs_before: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """At most about ten a second. `epoch` counts from one; `images` of `of_images` are done in this phase of it.

    `loss` and `accuracy` are means over those images (`accuracy` None of a regression), `images_per_second` over the
    phase so far, `rate` is the learning rate of the last step, and `step` counts all steps since the start.
    """

    phase: Phase
    epoch: int
    epochs: int
    step: int
    images: int
    of_images: int
    loss: float
    accuracy: float | None
    images_per_second: float
    rate: float


@dataclass(frozen=True, slots=True)
class EpochDone:
    """`training` holds means over the epoch's minibatches, measured while the weights changed, and `losses` means over
    stretches of it (`step/loss_curve.py`). `images` counts all images trained on since the start. `waited_seconds` of
    its `seconds` passed waiting for images to be read. `sample` is that of minibatches near its end."""

    epoch: int
    epochs: int
    step: int
    rate: float
    training: Scores
    validation: Scores | None
    seconds: float
    images_per_second: float
    images: int = 0
    losses: tuple[float, ...] = ()
    waited_seconds: float = 0.0
    sample: Sample = UNSAMPLED


@dataclass(frozen=True, slots=True)
class Finished:
    """The end, possibly before the recipe's last epoch. `training` is of the last epoch; `validation` and `test` were
    measured on `weights`, those of epoch `kept_epoch`. `best_epoch` had the lowest validation loss, None without
    validation."""

    epochs: int
    steps: int
    seconds: float
    training: Scores
    validation: Scores | None
    test: Scores | None
    weights: Weights = field(repr=False)
    kept_epoch: int
    best_epoch: int | None = None


@dataclass(frozen=True, slots=True)
class Diverged:
    """The end of a training whose numbers are no longer finite; DivergedError follows.

    In the phase of training, `before` is the state before the step that failed, and `numerics` is of that step. In
    another phase `numerics` is of the minibatch that failed, with the weights of `before`.
    """

    phase: Phase
    numerics: NumericsReport
    before: Snapshot


@dataclass(frozen=True, slots=True)
class Lost:
    """Files that have become unreadable since the training began, each reported once: path and reason. Another image of
    the same class replaces each."""

    files: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Warned:
    """A training that will probably fail, which goes on; each warning is given once. `helps` are repairs."""

    code: str
    message: str
    helps: tuple[str, ...] = ()


Event = Started | Progress | EpochDone | Lost | Warned | Finished | Diverged

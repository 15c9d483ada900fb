"""What happens while a network trains, as values: whoever watches draws, prints or stores them."""

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
    """Everything is compiled and in memory; a training that goes on has `epochs_before` done already.

    Between two events `weights()` are what the training has come to (those of the best epoch so far where the recipe
    stops early, else copies of the present ones), and `snapshot()` is all that going on needs, None where a step was
    broken off.
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
    phase so far, `rate` is the learning rate of the last step, and `step` counts every step since the start.
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
    """`training` are means over the epoch's minibatches as they were met, while the weights still moved, and `losses`
    the same over stretches of it (`step/loss_curve.py`). `images` counts all that were learnt from since the start. For
    `waited_seconds` of its `seconds` no minibatch had been read yet. `sample` is what minibatches
    near its end have shown."""

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
    """The end, after so many epochs, maybe fewer than the recipe's. `training` is the last epoch's; `validation` and
    `test` were measured on `weights`, which are those of epoch `kept_epoch`. `best_epoch` had the lowest validation
    loss, None where nothing is validated."""

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

    In the phase of training, `before` is the state from which one step led there, and `numerics` is of that step;
    else of the minibatch of images, measured with the weights of `before`, that showed it.
    """

    phase: Phase
    numerics: NumericsReport
    before: Snapshot


@dataclass(frozen=True, slots=True)
class Lost:
    """Files that could be read when the training began and no longer can, each told once: path and reason. Another
    image of its class took the place of each."""

    files: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Warned:
    """What will probably come to nothing, while the training goes on; each is told once a training. `helps` say what
    usually helps."""

    code: str
    message: str
    helps: tuple[str, ...] = ()


Event = Started | Progress | EpochDone | Lost | Warned | Finished | Diverged

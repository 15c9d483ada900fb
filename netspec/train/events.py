"""What happens while a network trains, as values: whoever watches draws, prints or stores them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float32]]
Weights = Mapping[str, Array]
"""Parameters and states of a net by name, float32, shaped as in its graph."""

Phase = Literal["training", "validation", "test"]


@dataclass(frozen=True, slots=True)
class Scores:
    """Mean loss an image and fraction of images classified rightly, over `images` images."""

    images: int
    loss: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Started:
    """Everything is compiled and in memory. `weights()` copies the weights as they are between two events."""

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


@dataclass(frozen=True, slots=True)
class Progress:
    """At most about ten a second. `epoch` counts from one; `images` of `of_images` are done in this phase of it.

    `loss` and `accuracy` are means over those images, `images_per_second` over the phase so far, `rate` is the
    learning rate of the last step, and `step` counts every step since the start.
    """

    phase: Phase
    epoch: int
    epochs: int
    step: int
    images: int
    of_images: int
    loss: float
    accuracy: float
    images_per_second: float
    rate: float


@dataclass(frozen=True, slots=True)
class EpochDone:
    """`training` are means over the epoch's minibatches as they were met, while the weights still moved."""

    epoch: int
    epochs: int
    step: int
    rate: float
    training: Scores
    validation: Scores | None
    seconds: float
    images_per_second: float


@dataclass(frozen=True, slots=True)
class Finished:
    """The end. `training` is the last epoch's; `validation` and `test` were measured on `weights`."""

    epochs: int
    steps: int
    seconds: float
    training: Scores
    validation: Scores | None
    test: Scores | None
    weights: Weights


Event = Started | Progress | EpochDone | Finished

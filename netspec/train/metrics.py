"""The lines of `metrics.jsonl`, one an epoch: written while a net trains, read where a run goes on or is drawn."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import Any

from netspec.train.events import EpochDone
from netspec.train.scores import Scores


@dataclass(frozen=True, slots=True)
class Line:
    """Losses are means an image and accuracies fractions; what was not measured or is not finite is None.

    `rate` is the learning rate of the epoch's last step; `seconds` and `images_per_second` are of its steps alone.
    """

    epoch: int
    step: int
    rate: float
    train_loss: float | None
    train_accuracy: float | None
    validation_loss: float | None
    validation_accuracy: float | None
    seconds: float
    images_per_second: float

    def text(self) -> str:
        """As JSON, without the newline."""
        return json.dumps(asdict(self))


def line_of(done: EpochDone) -> Line:
    """What an epoch leaves in the file."""
    return Line(
        epoch=done.epoch,
        step=done.step,
        rate=done.rate,
        **scores_document("train", done.training),
        **scores_document("validation", done.validation),
        seconds=round(done.seconds, 3),
        images_per_second=round(done.images_per_second, 1),
    )


def scores_document(part: str, scores: Scores | None) -> dict[str, Any]:
    """`train_loss` and `train_accuracy` of a part that is called so; None where they are no finite numbers."""
    loss, accuracy = (scores.loss, scores.accuracy) if scores else (math.nan, math.nan)
    return {f"{part}_loss": _finite(loss), f"{part}_accuracy": _finite(accuracy)}


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None

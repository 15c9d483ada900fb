"""Lines of `metrics.jsonl`, one per epoch: written by a training, read to resume, compare or draw a run."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from netspec.diagnostics.failure import DataError
from netspec.train.events import EpochDone
from netspec.train.step.scores import Scores
from netspec.train.watch.layer_statistics import LayerStatistics


@dataclass(frozen=True, slots=True)
class Line:
    """Losses are means per image, accuracies are fractions; None where not measured or not finite.

    `rate` is the learning rate of the epoch's last step. `seconds` and `images_per_second` cover its steps alone;
    `waited_seconds` is the part of `seconds` spent waiting for images. `images` counts the images trained on since the
    start. `train_losses` are means over stretches of the epoch (`step/loss_curve.py`), to six digits. `dead` are layers
    that passed no gradient near its end (`watch/sample.py`); `layers` are statistics of all layers there, an option.
    These are empty in runs of versions without them.
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
    waited_seconds: float = 0.0
    images: int = 0
    train_losses: tuple[float, ...] = ()
    dead: tuple[str, ...] = ()
    layers: tuple[LayerStatistics, ...] = ()

    def text(self) -> str:
        """The line as JSON, without the newline."""
        layers = [{**asdict(layer), "ratio": layer.ratio} for layer in self.layers]
        return json.dumps({**asdict(self), "layers": layers})


def line_of(done: EpochDone) -> Line:
    """The line of a finished epoch."""
    return Line(
        epoch=done.epoch,
        step=done.step,
        rate=done.rate,
        **scores_document("train", done.training),
        **scores_document("validation", done.validation),
        seconds=round(done.seconds, 3),
        images_per_second=round(done.images_per_second, 1),
        waited_seconds=round(done.waited_seconds, 3),
        images=done.images,
        train_losses=tuple(float(f"{loss:.6g}") for loss in done.losses),
        dead=done.sample.flat,
        layers=done.sample.layers,
    )


def read_lines(path: Path, epochs: int) -> list[Line]:
    """The lines of the first `epochs` epochs, in order, without broken lines; none where the file is missing.

    Raises DataError (E502) where the file is not readable.
    """
    try:
        texts = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise DataError("E502", f"cannot read `{path}`: {(error.strerror or str(error)).lower()}") from None
    found = [line for text in texts if (line := _parsed(text)) is not None]
    return [line for line in found if line.epoch <= epochs]


def _parsed(text: str) -> Line | None:
    try:
        document: dict[str, Any] = json.loads(text)
        losses, dead = tuple(document.pop("train_losses", ())), tuple(document.pop("dead", ()))
        layers = tuple(map(_layer, document.pop("layers", ())))
        return Line(**document, train_losses=losses, dead=dead, layers=layers)
    except (ValueError, TypeError, AttributeError):
        return None


def _layer(document: Mapping[str, Any]) -> LayerStatistics:
    return LayerStatistics(**{name: figure for name, figure in document.items() if name != "ratio"})


def scores_document(part: str, scores: Scores | None) -> dict[str, Any]:
    """`train_loss` and `train_accuracy` for the part `train`; None where a score is missing or not finite."""
    loss, accuracy = (scores.loss, scores.accuracy) if scores else (None, None)
    return {f"{part}_loss": _finite(loss), f"{part}_accuracy": _finite(accuracy)}


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None

"""What is done to an image before the net sees it."""

from __future__ import annotations

from dataclasses import dataclass

from netspec.data.classes import Classes, Known
from netspec.data.dataset import Dataset
from netspec.data.fit import predicts_a_number
from netspec.ir.recipe import Experiment


@dataclass(frozen=True, slots=True)
class Preparation:
    """What images were like in training, and so must be ever after.

    `shape` (C, H, W) is an image's before any crop; the net then saw (x - mean) / deviation, a value a channel, in
    the units of the stored pixels, whose brightest is `white`. `class_names` has an entry a class, or none.
    """

    shape: tuple[int, int, int]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    white: float = 255.0
    class_names: tuple[str, ...] = ()


def prepared(dataset: Dataset) -> Preparation:
    """The preparation that a data set asks for."""
    channels, height, width = dataset.train.images.shape[1:]
    return Preparation(
        (channels, height, width),
        tuple(dataset.mean.tolist()),
        tuple(dataset.deviation.tolist()),
        float(dataset.white),
        dataset.class_names,
    )


def known_classes(preparation: Preparation, experiment: Experiment, kept: Classes) -> Known | None:
    """The classes that a trained net knows, None where its record names none; `kept` is what `classes` was in its
    training."""
    if not preparation.class_names:
        return None
    targets = predicts_a_number(experiment.graph, experiment.train.loss)
    return Known(preparation.class_names, kept, targets)


def crop_pad(experiment: Experiment) -> int | None:
    """Zeros around an image before it is cropped; None where nothing is cropped."""
    for transform in experiment.augment:
        if transform.kind == "crop":
            return int(str(transform.values.get("pad", 0)))
    return None

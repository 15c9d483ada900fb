"""Preparation of images for a net: shape, normalisation, levels and class names."""

from __future__ import annotations

from dataclasses import dataclass, replace

from netspec.data.classes import Known
from netspec.data.dataset import Dataset
from netspec.data.fit import predicts_a_number
from netspec.data.levels import BYTE_ARRAYS, BYTES, INTEGERS, USUAL_WHITE, Levels, written
from netspec.diagnostics.failure import DataError
from netspec.ir.classes import Classes
from netspec.ir.recipe import Experiment
from netspec.predict.shown import repair_help


@dataclass(frozen=True, slots=True)
class Preparation:
    """Preparation of images in training, the same in every later use of the net.

    `shape` (C, H, W) is that of an image before any crop. The net's input is (x - mean) / deviation, with a mean and a
    deviation per channel in the units of the stored pixels, whose black and white are `levels`. `class_names` has one
    entry per class, or none.
    """

    shape: tuple[int, int, int]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    levels: Levels = BYTE_ARRAYS
    class_names: tuple[str, ...] = ()


def prepared(dataset: Dataset) -> Preparation:
    """The preparation for training on a data set."""
    channels, height, width = dataset.train.images.shape[1:]
    return Preparation(
        (channels, height, width),
        tuple(dataset.mean.tolist()),
        tuple(dataset.deviation.tolist()),
        dataset.levels,
        dataset.class_names,
    )


def in_units_of(preparation: Preparation, dataset: Dataset) -> Preparation:
    """The preparation converted to the units of a data set: its black and white correspond to those of the training.
    Numbers of the training's own kind are in its units already, unless the spec sets other levels. So are rows of
    numbers, which are not pictures.

    Raises DataError (E559) where the levels of the training or of the data set are unknown.
    """
    trained, found = preparation.levels, dataset.levels
    if preparation.shape[1:] == (1, 1) or _same_units(trained, found):
        return preparation
    if not (trained.settled and found.settled):
        unknown, which = (found, "data") if trained.settled else (trained, "run")
        raise DataError(
            "E559",
            f"the images of {dataset.description} cannot be shown to this net: its own are of other numbers, and "
            f"nothing tells which number is white in the {which}",
            notes=(
                f"the data have numbers from {written(found.black)} to {written(found.white)}, the training's go from "
                f"{written(trained.black)} to {written(trained.white)}",
            ),
            helps=(repair_help(unknown),),
        )
    scale = found.span / trained.span
    return replace(
        preparation,
        mean=tuple((mean - trained.black) * scale + found.black for mean in preparation.mean),
        deviation=tuple(deviation * scale for deviation in preparation.deviation),
        levels=found,
    )


def _same_units(trained: Levels, found: Levels) -> bool:
    if (trained.black, trained.white) == (found.black, found.white):
        return True
    if not trained.kind:  # a run of an older version, which read 16-bit pictures as bytes
        return not (trained.white == USUAL_WHITE[BYTES] and found.kind == INTEGERS and found.settled)
    if trained.kind != found.kind or (found.given and found.settled and trained.settled):
        return False
    return found.settled or _within(trained, found)


def _within(trained: Levels, found: Levels) -> bool:
    """Whether numbers of unknown levels are in the training's range: from black to white, or, where the training's
    levels are unknown too, at most one such span beyond either end."""
    slack = 0.0 if trained.settled else trained.span
    return trained.black - slack <= found.black and found.white <= trained.white + slack


def known_classes(preparation: Preparation, experiment: Experiment, kept: Classes) -> Known | None:
    """The classes that a trained net knows; None where its record names none. `kept` is the option `classes` of its
    training."""
    if not preparation.class_names:
        return None
    targets = predicts_a_number(experiment.graph, experiment.train.loss)
    return Known(preparation.class_names, kept, targets)


def crop_pad(experiment: Experiment) -> int | None:
    """Rows and columns of zeros around an image before a crop; None without a crop."""
    for transform in experiment.augment:
        if transform.kind == "crop":
            return int(str(transform.values.get("pad", 0)))
    return None

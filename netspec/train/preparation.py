"""How images become what the net sees, and whether they fit it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netspec.data.dataset import Dataset, Part
from netspec.diagnostics.failure import DataError
from netspec.ir.graph import Graph, Shape
from netspec.ir.operations import LossName
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
        dataset.white,
        dataset.class_names,
    )


def check_fit(experiment: Experiment, dataset: Dataset) -> None:
    """Raises DataError where the net cannot take the images (E545) or has no place for their labels (E546)."""
    check_images(experiment, dataset.train.images.shape[1:])
    for name, part in _parts(dataset).items():
        check_labels(experiment.graph, experiment.train.loss, part.labels, name)


def _parts(dataset: Dataset) -> Mapping[str, Part]:
    parts = {"training": dataset.train, "validation": dataset.validation, "test": dataset.test}
    return {name: part for name, part in parts.items() if part is not None and len(part)}


def check_images(experiment: Experiment, image: Shape) -> None:
    """`image` is (C, H, W), before the crop. Raises DataError (E545)."""
    wanted = as_image(experiment.graph.inputs[0].shape)
    crop = crop_pad(experiment)
    if crop is None and wanted == image:
        return
    if crop is not None and wanted[0] == image[0] and all(image[k] + 2 * crop >= wanted[k] for k in (1, 2)):
        return
    found, takes = _sizes(image), _sizes(experiment.graph.inputs[0].shape)
    helps = [f"`input {found}` takes them as they are"]
    if wanted[0] == image[0]:
        helps.append(f"`resize={wanted[1]}x{wanted[2]}` in the `data` line makes them fit")
    cropped = "" if crop is None else f" after the crop (pad={crop})"
    raise DataError("E545", f"the images are {found}, and the net takes {takes}{cropped}", helps=tuple(helps))


def as_image(shape: Shape) -> tuple[int, int, int]:
    """A net's input shape as (C, H, W); a flat vector of C numbers is C channels of one pixel."""
    channels, height, width = (*shape, 1, 1)[:3]
    return channels, height, width


def crop_pad(experiment: Experiment) -> int | None:
    """Zeros around an image before it is cropped; None where nothing is cropped."""
    for transform in experiment.augment:
        if transform.kind == "crop":
            return int(str(transform.values.get("pad", 0)))
    return None


def _sizes(shape: Shape) -> str:
    return "x".join(map(str, shape))


def check_labels(graph: Graph, loss: LossName, labels: NDArray[np.int32], part: str) -> None:
    """Every label must have an output; one output tells two classes apart. Raises DataError (E546)."""
    outputs, largest = graph.outputs[0].elements, int(labels.max())
    classes = 2 if outputs == 1 else outputs
    if largest < classes or (outputs == 1 and loss == "squared_error"):
        return
    message = f"the {part} part has labels up to {largest}, and the net has {_counted(outputs)}"
    helps = (f"give the last layer {largest + 1} outputs", f"keep some classes: `classes=({_first(classes)})`")
    raise DataError("E546", message, helps=helps)


def _counted(outputs: int) -> str:
    return "one output, for labels 0 and 1" if outputs == 1 else f"{outputs} outputs"


def _first(classes: int) -> str:
    return " ".join(map(str, range(classes))) if classes <= 4 else f"0 1 … {classes - 1}"

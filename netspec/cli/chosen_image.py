"""`--image`: a picture file, or the number of an image in the data."""

from __future__ import annotations

from pathlib import Path

from netspec.cli.show.printing import note
from netspec.data.dataset import Dataset, Images, Part
from netspec.diagnostics.failure import UsageError
from netspec.train.run.begin import DataPlaces, load_data
from netspec.train.step.preparation import Preparation, in_units_of
from netspec.train.use.predict import class_name, read_pictures
from netspec.train.use.trained import Trained


def find_image(trained: Trained, image: str, places: DataPlaces) -> tuple[Images, str, Preparation]:
    """One image (1, C, H, W) in the units of the data set, what it is, and how it is prepared.

    A number is an image of the test part, else of the validation part, else of the training part of the data that were
    trained on. Raises UsageError (E473), DataError (E512, E514, E559, or where the data cannot be had).
    """
    if not (image.isascii() and image.isdigit()):
        images, notices = read_pictures([Path(image)], trained.preparation)
        for notice in notices:
            note(notice)
        return images, image, trained.preparation
    dataset = load_data(trained.experiment, places, trained.known, to_measure=True)
    name, part = _part(dataset)
    number = int(image)
    if number >= len(part):
        raise UsageError("E473", f"there is no image {number}: the {name} part has {len(part):,}, counted from 0")
    told = class_name(trained.preparation, int(part.labels[number]))
    preparation = in_units_of(trained.preparation, dataset)
    return part.images[number : number + 1], f"image {number} of the {name} part, class {told}", preparation


def _part(dataset: Dataset) -> tuple[str, Part]:
    parts = {"test": dataset.test, "validation": dataset.validation, "training": dataset.train}
    return next((name, part) for name, part in parts.items() if part)

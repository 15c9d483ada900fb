"""How many images a data set holds, as far as that is known without reading it."""

from __future__ import annotations

from netspec.data import embedded
from netspec.data.classes import numbers_of
from netspec.data.generated import GENERATED, made_counts
from netspec.data.published import PUBLISHED
from netspec.ir.recipe import DataOptions


def training_images(options: DataOptions) -> int | None:
    """Images of the training part; None for files, which would have to be read."""
    counts = class_counts(options)
    if counts is None:
        return None
    numbers = numbers_of(_class_names(options), options.classes) if options.classes else range(len(counts))
    kept = sum(counts[number] for number in numbers if number is not None)
    taken = min(kept, options.take or kept)
    return taken - round(options.validate * taken)


def _class_names(options: DataOptions) -> tuple[str, ...]:
    """Of a set that is known by name."""
    if options.source in PUBLISHED:
        return PUBLISHED[options.source].class_names
    return GENERATED[options.source].class_names if options.source in GENERATED else embedded.CLASS_NAMES


def class_counts(options: DataOptions) -> tuple[int, ...] | None:
    """Images of each class to train and validate with, all classes of the set and all images."""
    name = options.source
    if options.is_path:
        return None
    if name in PUBLISHED:
        return PUBLISHED[name].train_counts
    if name in GENERATED:
        return made_counts(name, options.extra)
    return embedded.COUNTS

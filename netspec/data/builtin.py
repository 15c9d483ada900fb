"""Reads a published data set from the place where it lies."""

from __future__ import annotations

from pathlib import Path
from typing import assert_never

from netspec.data import cifar, idx
from netspec.data.arrays import check_labels
from netspec.data.dataset import Collection, Part
from netspec.data.levels import Levels
from netspec.data.places import Places, locate
from netspec.data.published import Published
from netspec.data.read_options import DEFAULT, ReadOptions
from netspec.diagnostics.failure import DataError


def read_published(published: Published, places: Places, read_options: ReadOptions = DEFAULT) -> Collection:
    """The whole set, checked against what is known of it: image shape and label range."""
    place = locate(published, places)
    train, test = _read(published, place, read_options)
    names, ending = published.class_names, published.all_classes
    found = Collection(published.content, names, Levels(), train, test=test, all_classes=ending)
    for part in found.parts:
        _check(published, part, place)
    return found


def _read(published: Published, place: Path, read_options: ReadOptions) -> tuple[Part, Part | None]:
    match published.layout:
        case "idx":
            return _idx_part(place, idx.TRAIN, read_options), _idx_part(place, idx.TEST, read_options)
        case "cifar10":
            return cifar.read_batches(place, (cifar.BINARY10, cifar.PYTHON10), read_options, whole=True)
        case "cifar100":
            return cifar.read_batches(place, (cifar.BINARY100, cifar.PYTHON100), read_options, whole=True)
        case _:
            assert_never(published.layout)


def _idx_part(folder: Path, stems: tuple[str, str], read_options: ReadOptions) -> Part:
    images, labels = (idx.find(folder, stem) or folder / stem for stem in stems)
    return idx.read_part(images, labels, read_options)


def _check(published: Published, part: Part, place: Path) -> None:
    if part.images.shape[1:] != published.shape or part.images.dtype != "uint8":
        found, wanted = ("x".join(map(str, shape)) for shape in (part.images.shape[1:], published.shape))
        raise DataError("E504", f"`{place}` holds images of {found}, not {published.name}'s bytes of {wanted}")
    check_labels(part.labels, len(published.class_names), place)

"""The sheet of augmentation shows images as they are and as training sees them."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from netspec.data.augment_sheet import augment_sheet, first_of_each_class
from netspec.data.dataset import Dataset, Part
from netspec.data.levels import Levels
from netspec.ir.augmentation import Augmentation
from tests.data.samples import pixels

CELL = 60
"""From one image of 28x28, drawn twice as large, to the next."""


def dataset(count: int = 12, classes: int = 3, dtype: Any = np.uint8) -> Dataset:
    images = pixels(count, 3, 28, 28)
    white = 255.0 if dtype == np.uint8 else 1.0
    part = Part(images if dtype == np.uint8 else (images / 255).astype(np.float32), np.arange(count) % classes)
    names, mean, deviation = tuple("abcdefg"[:classes]), np.full(3, 0.4 * white), np.full(3, 0.3 * white)
    return Dataset(
        part,
        None,
        None,
        names,
        mean.astype(np.float32),
        deviation.astype(np.float32),
        Levels(white=white),
        "made up",
        (),
    )


def cell(sheet: Any, row: int, column: int, columns: int) -> Any:
    """The pixels (H, W, C) of an image on the sheet."""
    left = sheet.shape[1] - columns * CELL + column * CELL
    return sheet[4 + row * CELL :, left:][:56:2, :56:2]


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_each_row_is_an_image_and_its_variants(dtype: Any) -> None:
    some, mirror = dataset(dtype=dtype), Augmentation(mirror=True)
    sheet = np.asarray(augment_sheet(some, mirror, size=(28, 28), pad=None, seed=1, columns=9))
    seen = []
    for row, image in enumerate(np.moveaxis(pixels(12, 3, 28, 28)[:3], 1, 3)):
        np.testing.assert_array_equal(cell(sheet, row, 0, 9), image)
        for column in range(1, 9):
            flipped = np.array_equal(cell(sheet, row, column, 9), image[:, ::-1])
            assert flipped or np.array_equal(cell(sheet, row, column, 9), image)
            seen.append(flipped)
    assert 0 < sum(seen) < len(seen)


def test_a_crop_is_shown_as_the_net_sees_it() -> None:
    some = dataset()
    part = replace(some.train, images=some.train.images[:, :, :26, :25])
    small = replace(some, train=part)
    sheet = np.asarray(augment_sheet(small, Augmentation(), size=(28, 28), pad=2, seed=1, columns=1))
    image = np.moveaxis(part.images[0], 0, 2)
    np.testing.assert_array_equal(cell(sheet, 0, 0, 1)[1:27, 2:27], image)


def test_classes_without_images_have_no_row() -> None:
    assert first_of_each_class(dataset(classes=5)).tolist() == [0, 1, 2, 3, 4]
    part = Part(pixels(3, 3, 28, 28), np.array([4, 4, 1], np.int32))
    assert first_of_each_class(replace(dataset(classes=5), train=part)).tolist() == [2, 0]

"""Arrays are taken as images, or refused."""

import numpy as np
import pytest

from netspec.diagnostics.failure import UsageError
from netspec.predict.intake import as_images


@pytest.mark.parametrize("shape", [(1, 8, 6), (8, 6), (5, 1, 8, 6), (5, 8, 6)])
def test_one_image_or_many_are_taken_with_or_without_a_single_channel(shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape), dtype=np.float64).reshape(shape)
    images = as_images(array, (1, 8, 6))
    assert images.shape == (5 if 5 in shape else 1, 1, 8, 6)
    assert images.dtype == np.float32
    assert np.array_equal(images.ravel(), array.ravel())


def test_points_are_taken_as_rows() -> None:
    assert as_images(np.zeros((4, 2)), (2, 1, 1)).shape == (4, 2, 1, 1)
    assert as_images(np.zeros(2), (2, 1, 1)).shape == (1, 2, 1, 1)


def test_bytes_stay_bytes() -> None:
    assert as_images(np.zeros((1, 8, 6), np.uint8), (1, 8, 6)).dtype == np.uint8


@pytest.mark.parametrize("shape", [(8, 6, 1), (6, 8), (0, 1, 8, 6), (), (5, 3, 8, 6), (1, 5, 1, 8, 6)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError) as caught:
        as_images(np.zeros(shape), (1, 8, 6))
    assert caught.value.code == "E465"
    assert "(N, 1, 8, 6)" in caught.value.message


def test_what_is_no_number_is_refused() -> None:
    for array in (np.full((8, 6), "x"), np.zeros((8, 6), complex), np.zeros((8, 6), "m8[s]")):
        with pytest.raises(UsageError):
            as_images(array, (1, 8, 6))


def test_large_numbers_are_taken_as_long_as_they_are_finite() -> None:
    images = np.full((2, 1, 8, 6), np.float32(3e38))
    assert np.array_equal(as_images(images, (1, 8, 6)), images)


def test_of_a_subclass_the_numbers_count() -> None:
    assert type(as_images(np.ones((8, 6), np.float32).view(np.matrix), (1, 8, 6))) is np.ndarray
    hidden = np.ma.masked_invalid(np.full((8, 6), np.nan, np.float32))
    with pytest.raises(UsageError, match="image 0"):
        as_images(hidden, (1, 8, 6))


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 1e300])
def test_numbers_that_are_not_finite_are_refused_and_the_image_named(wrong: float) -> None:
    images = np.zeros((4, 1, 8, 6))
    images[2, 0, 3, 3] = wrong
    with pytest.raises(UsageError, match="image 2") as caught:
        as_images(images, (1, 8, 6))
    assert caught.value.code == "E465"

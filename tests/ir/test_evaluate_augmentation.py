"""The meaning of augmentation: beside SciPy, at strength zero, and in numbers."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from netspec.ir.augmentation import Augmentation
from netspec.ir.evaluate_augmentation import Draws, augmented, corners, displacements, each_way, normals, uniform
from tests.ir.augmenting import ALL, SINGLE, augmentations, normal, pictures

DRAWS = Draws(np.arange(200, dtype=np.int64), 7, 3)
SHAPE = (2, 9, 8)


def seen(augmentation: Augmentation, images: Any, draws: Draws = DRAWS, **crop: Any) -> Any:
    some = replace(draws, images=draws.images[: len(images)])
    return augmented(images, augmentation, some, normal(images), **{"size": images.shape[2:], **crop})


def normalised(images: Any) -> Any:
    how = normal(images)
    return (images - how.mean[:, None, None]) * how.scale[:, None, None]


def moved(by: tuple[float, float]) -> Any:
    """A map of points (y, x, 1)."""
    return np.array([[1, 0, by[0]], [0, 1, by[1]], [0, 0, 1.0]])


def maps(augmentation: Augmentation, found: tuple[int, int], size: tuple[int, int], pad: int) -> Any:
    """From the source to the result, composed as the definition tells it: scaled and turned about the middle, shifted,
    mirrored, cropped. (N, 3, 3)"""
    middle = moved(((found[0] - 1) / 2, (found[1] - 1) / 2))
    top, left = corners(found, size, pad, DRAWS)
    angles = 2 * np.pi * augmentation.turn * each_way(DRAWS.words("rotate")[:, 0])
    low, high = augmentation.scale
    factors, shifts = low + (high - low) * uniform(DRAWS.words("scale")[:, 0]), each_way(DRAWS.words("shift"))
    flips, result = DRAWS.words("mirror") >= 1 << 31, []
    for n, angle in enumerate(angles):
        turning = factors[n] * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        flip = [1 - 2 * (flips[n, 1] & augmentation.mirror_vertical), 1 - 2 * (flips[n, 0] & augmentation.mirror), 1]
        turned = np.eye(3)
        turned[:2, :2] = turning
        shift = moved(tuple(augmentation.shift * shifts[n, :2]))
        around = middle @ np.diag(flip) @ shift @ turned @ np.linalg.inv(middle)
        result.append(moved((-top[n], -left[n])) @ around)
    return np.array(result)


@given(augmentations(), st.integers(5, 9), st.integers(4, 8), st.integers(0, 2))
def test_a_warp_is_one_bilinear_resampling_as_in_scipy(what: Augmentation, height: int, width: int, pad: int) -> None:
    what = replace(what, brightness=0.0, contrast=0.0, noise=0.0, cutout=0)
    images, size = pictures(4, SHAPE), (height, width)
    y, x = np.mgrid[:height, :width].astype(float)
    down, right = displacements(what, DRAWS, size)
    how = normal(images)
    found = seen(what, images, size=size, pad=pad)
    for n, back in enumerate(np.linalg.inv(maps(what, SHAPE[1:], size, pad)[:4])):
        points = np.stack((y + down[n], x + right[n], np.ones(size))).reshape(3, -1)
        for c, mean in enumerate(how.mean):
            places = (back @ points)[:2].reshape(2, *size)
            source = images[n, c].astype(float)
            warped = ndimage.map_coordinates(source, places, order=1, mode="grid-constant", cval=mean)
            np.testing.assert_allclose(found[n, c], (warped - mean) * how.scale[c], atol=1e-9)


@pytest.mark.parametrize("smoothness", [0.3, 1.0, 4.0, 30.0])
def test_displacements_are_smoothed_as_in_scipy(smoothness: float) -> None:
    what, size = Augmentation(distort=5.0, smoothness=smoothness), (7, 9)
    noise = each_way(DRAWS.words("distort", 7 * 5).reshape(-1, 7, 10, 2))[:, :, :9]
    radius = int(np.ceil(3 * smoothness))
    for axis, field in enumerate(displacements(what, DRAWS, size)):
        for n in range(5):
            smooth = ndimage.gaussian_filter(noise[n, :, :, axis], smoothness, mode="constant", radius=radius)
            np.testing.assert_allclose(field[n], 5.0 * smooth, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_without_strength_nothing_changes(dtype: Any) -> None:
    images = pictures(6, SHAPE, dtype)
    np.testing.assert_array_equal(seen(Augmentation(), images), normalised(images))


@pytest.mark.parametrize("name", ["mirror", "mirror vertical"])
def test_mirrored_images_are_exact(name: str) -> None:
    images = pictures(40, (3, 5, 4))
    found, whole = seen(SINGLE[name], images), normalised(images)
    flipped = whole[:, :, :, ::-1] if name == "mirror" else whole[:, :, ::-1]
    mirrored = [np.array_equal(*pair) for pair in zip(found, flipped, strict=True)]
    kept = [np.array_equal(*pair) for pair in zip(found, whole, strict=True)]
    assert [one != other for one, other in zip(mirrored, kept, strict=True)] == [True] * 40
    assert 8 < sum(mirrored) < 32


def test_a_whole_turn_each_way_reaches_half_of_it() -> None:
    image = np.zeros((200, 1, 9, 9), np.float32)
    image[:, 0, 4, 8] = 1
    found = augmented(image, SINGLE["rotate"], DRAWS, normal(image), size=(9, 9))
    corner = found.reshape(200, -1).argmax(axis=1)
    assert len(set(corner.tolist())) > 15


def test_beyond_the_image_lies_the_mean() -> None:
    images = pictures(50, SHAPE)
    found = seen(Augmentation(shift=1000.0), images)
    far = np.abs(1000 * each_way(DRAWS.words("shift")[:50, :2])).max(axis=1) > 10
    assert far.sum() > 45
    assert not found[far].any()


def test_contrast_keeps_the_mean_of_each_channel_and_stretches_about_it() -> None:
    images = pictures(200, SHAPE)
    whole, found = normalised(images), seen(SINGLE["contrast"], images)
    np.testing.assert_allclose(found.mean(axis=(2, 3)), whole.mean(axis=(2, 3)), atol=1e-12)
    factor = found.std(axis=(2, 3)) / whole.std(axis=(2, 3))
    np.testing.assert_allclose(factor[:, 0], factor[:, 1])
    assert 0.6 <= factor.min() < 0.65
    assert 1.35 < factor.max() <= 1.4


def test_brightness_is_a_part_of_white() -> None:
    images = pictures(200, SHAPE)
    added = (seen(SINGLE["brightness"], images) - normalised(images)) / normal(images).scale[:, None, None] / 255
    np.testing.assert_allclose(added, added[:, :1, :1, :1] * np.ones(SHAPE), atol=1e-12)
    assert added.min() == pytest.approx(-0.3, abs=0.02)
    assert added.max() == pytest.approx(0.3, abs=0.02)


def test_noise_is_normal_and_a_part_of_white() -> None:
    images = pictures(200, SHAPE)
    added = (seen(SINGLE["noise"], images) - normalised(images)) / normal(images).scale[:, None, None] / 25.5
    count = added.size
    assert abs(added.mean()) < 4 / count**0.5
    assert added.std() == pytest.approx(1, abs=4 / count**0.5)
    assert (added**3).mean() == pytest.approx(0, abs=16 / count**0.5)
    assert (added**4).mean() == pytest.approx(3, abs=40 / count**0.5)
    assert abs(np.corrcoef(added[:, 0].ravel(), added[:, 1].ravel())[0, 1]) < 8 / count**0.5


def test_normal_numbers_are_finite_for_the_smallest_and_the_largest_words() -> None:
    ends = np.array([0, 0, 2**32 - 1, 2**32 - 1, 0, 2**32 - 1], np.uint32)
    assert np.isfinite(normals(ends)).all()
    assert normals(ends)[2] == 0


@pytest.mark.parametrize("side", [1, 2, 3, 20])
def test_cutout_blanks_a_square_about_a_pixel(side: int) -> None:
    images = pictures(200, SHAPE)
    found, whole = seen(Augmentation(cutout=side), images), normalised(images)
    cut = found == 0
    assert (cut[:, 0] == cut[:, 1]).all()
    np.testing.assert_array_equal(found[~cut], whole[~cut])
    rows, columns = cut[:, 0].any(axis=2), cut[:, 0].any(axis=1)
    np.testing.assert_array_equal(cut[:, 0], rows[:, :, None] & columns[:, None, :])
    assert rows.sum(axis=1).max() == min(side, 9)
    assert rows.sum(axis=1).min() >= (side + 1) // 2 - (side % 2 == 0) or side > 9


def test_what_a_transform_draws_depends_neither_on_the_others_nor_on_the_minibatch() -> None:
    images = pictures(20, SHAPE)
    blank = replace(ALL, brightness=0.0, contrast=0.0, noise=0.0, cutout=0)
    alone = seen(replace(Augmentation(), noise=ALL.noise), images) - normalised(images)
    together = seen(replace(blank, noise=ALL.noise), images) - seen(blank, images)
    np.testing.assert_allclose(together, alone, atol=1e-12)
    chosen = np.array([17, 3, 4])
    part = augmented(images[chosen], ALL, replace(DRAWS, images=chosen), normal(images), size=(9, 8))
    np.testing.assert_allclose(part, seen(ALL, images)[chosen], atol=1e-12)


@pytest.mark.parametrize("name", SINGLE)
def test_every_epoch_and_every_seed_draws_anew(name: str) -> None:
    images = pictures(20, SHAPE)
    first = seen(SINGLE[name], images)
    for other in (replace(DRAWS, epoch=4), replace(DRAWS, seed=8)):
        assert not np.array_equal(first, seen(SINGLE[name], images, other))
    np.testing.assert_array_equal(first, seen(SINGLE[name], images))

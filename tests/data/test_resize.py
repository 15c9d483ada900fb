import numpy as np

from netspec.data.dataset import Collection, Part
from netspec.data.levels import Levels
from netspec.data.resize import resize_images, resized
from tests.data.samples import pixels, refuses


def part(images: np.ndarray) -> Part:
    return Part(images, np.zeros(len(images), np.int32))


def test_every_part_is_brought_to_the_size():
    whole = Collection(
        "", ("a",), Levels(), part(pixels(3, 3, 8, 6)), part(pixels(2, 3, 8, 6)), part(pixels(1, 3, 8, 6))
    )
    found = resized(whole, (4, 12))
    assert [some.images.shape for some in found.parts] == [(3, 3, 4, 12), (2, 3, 4, 12), (1, 3, 4, 12)]
    assert found.train.images.dtype == np.uint8


def test_nothing_changes_where_the_size_is_right_or_none_is_asked_for():
    whole = Collection("", ("a",), Levels(), part(pixels(3, 3, 8, 6)))
    assert resized(whole, None) is whole
    assert resized(whole, (8, 6)) is whole


def test_shrinking_by_whole_factors_keeps_the_mean():
    for images in (pixels(5, 2, 16, 16), np.random.default_rng(0).normal(0, 9, (5, 1, 16, 16)).astype(np.float32)):
        small = resize_images(images, (4, 4))
        assert small.dtype == images.dtype
        np.testing.assert_allclose(small.mean(axis=(2, 3)), images.mean(axis=(2, 3)), atol=6)


def test_a_constant_image_stays_constant():
    assert (resize_images(np.full((1, 1, 7, 5), 77, np.uint8), (20, 3)) == 77).all()


def test_points_cannot_be_resized():
    points = Collection("", ("a",), Levels(white=1.0), part(np.zeros((4, 2, 1, 1), np.float32)))
    refuses("E513", lambda: resized(points, (8, 8)))

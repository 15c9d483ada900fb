import numpy as np
import pytest

from netspec.data.dataset import Dataset, Part
from netspec.data.levels import Levels
from netspec.data.normalize import statistics
from netspec.data.packed import content
from tests.data.samples import datasets, pixels


@pytest.mark.parametrize("count", [1, 499, 1203])
def test_bytes_have_the_mean_and_deviation_that_numpy_finds(count: int):
    images = pixels(count, 3, 5, 4)
    mean, deviation = statistics(images, Levels(), "standard")
    exact = images.astype(np.float64)
    np.testing.assert_allclose(mean, exact.mean(axis=(0, 2, 3)), rtol=1e-6)
    np.testing.assert_allclose(deviation, exact.std(axis=(0, 2, 3)), rtol=1e-6)
    assert mean.dtype == deviation.dtype == np.float32


def test_floats_have_the_mean_and_deviation_that_numpy_finds():
    images = np.random.default_rng(0).normal(3, 2, (700, 2, 3, 3)).astype(np.float32)
    mean, deviation = statistics(images, Levels(white=1.0), "standard")
    np.testing.assert_allclose(mean, images.mean(axis=(0, 2, 3)), rtol=1e-5)
    np.testing.assert_allclose(deviation, images.std(axis=(0, 2, 3)), rtol=1e-5)


def test_a_constant_channel_is_divided_by_one():
    images = pixels(20, 2, 3, 3)
    images[:, 1] = 200
    mean, deviation = statistics(images, Levels(), "standard")
    assert mean[1] == 200
    assert deviation[1] == 1
    mean, deviation = statistics(np.full((9, 1, 2, 2), 0.1, np.float32), Levels(white=1.0), "standard")
    assert deviation[0] == 1


def test_unit_divides_by_white_and_none_by_nothing():
    images = pixels(2, 3, 2, 2)
    assert [part.tolist() for part in statistics(images, Levels(white=16.0), "unit")] == [[0] * 3, [16] * 3]
    assert [part.tolist() for part in statistics(images, Levels(white=16.0), "none")] == [[0] * 3, [1] * 3]


def test_a_data_set_normalises_its_own_images_to_mean_zero_and_deviation_one():
    part = Part(pixels(300, 3, 4, 4), np.zeros(300, np.int32))
    dataset = Dataset(part, None, None, ("a",), *statistics(part.images, Levels(), "standard"), Levels(), "", ())
    seen = dataset.normalized(part.images)
    assert seen.dtype == np.float32
    np.testing.assert_allclose(seen.mean(axis=(0, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(seen.std(axis=(0, 2, 3)), 1, atol=1e-5)


def test_mnist_has_the_mean_and_deviation_that_everyone_finds():
    raw = content(datasets() / "mnist" / "train-images-idx3-ubyte.gz", 16 + 60_000 * 784)
    mean, deviation = statistics(np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 1, 28, 28), Levels(), "standard")
    assert round(float(mean[0]) / 255, 5) == 0.13066
    assert round(float(deviation[0]) / 255, 5) == 0.30811

import numpy as np
import pytest

from netspec.data.points import circles, spirals


def test_points_are_images_of_two_channels_and_one_pixel():
    for make in (spirals, circles):
        part = make(1, 101, 0.1, stream=0)
        assert part.images.shape == (101, 2, 1, 1)
        assert part.images.dtype == np.float32
        assert np.bincount(part.labels).tolist() == [51, 50]


def test_circles_have_radius_one_half_and_one():
    part = circles(1, 200, 0.0, stream=0)
    radius = np.hypot(part.images[:, 0, 0, 0], part.images[:, 1, 0, 0])
    np.testing.assert_allclose(radius, (part.labels + 1) / 2, atol=1e-6)


def test_spirals_mirror_each_other_through_the_origin():
    part = spirals(1, 2000, 0.0, stream=0)
    x, y = part.images[:, :, 0, 0].T
    radius, turn = np.hypot(x, y), np.arctan2(y, x) / (2 * np.pi)
    along = (radius - 0.05) / 0.95
    assert 0 <= along.min() < along.max() <= 1
    off = turn - 1.5 * along - part.labels / 2
    np.testing.assert_allclose(off - np.round(off), 0, atol=1e-5)


def test_noise_is_the_deviation_of_the_points():
    for make in (spirals, circles):
        clean, noisy = (make(5, 4000, noise, stream=0).images for noise in (0.0, 0.25))
        assert (noisy - clean).std() == pytest.approx(0.25, rel=0.05)


def test_the_seed_and_the_stream_decide():
    one, again, seed, stream = (
        spirals(*at, 0.1, stream=part).images for at, part in (((1, 50), 0), ((1, 50), 0), ((2, 50), 0), ((1, 50), 1))
    )
    assert (one == again).all()
    assert (one != seed).any()
    assert (one != stream).any()

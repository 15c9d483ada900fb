"""Shades show zero, sign and size."""

import numpy as np
import pytest

from netspec.train.draw.shades import blue_red, colours, grey, heat, image_tiles, signed


def test_grey_goes_from_black_to_white_and_no_further() -> None:
    tile = grey(np.array([[-5.0, -1.0, 1.0, 3.0, 9.0]]), -1.0, 3.0)
    assert tile.shape == (1, 5, 3)
    assert tile[0].tolist() == [[0] * 3, [0] * 3, [128] * 3, [255] * 3, [255] * 3]
    assert grey(np.full((2, 2), 7.0), 7.0, 7.0).max() == 0


def test_heat_is_black_at_zero_red_yellow_and_white_at_the_largest() -> None:
    tile = heat(np.array([[-1.0, 0.0, 1.0, 2.0, 3.0]]), 3.0)
    assert tile[0].tolist() == [[0, 0, 0], [0, 0, 0], [255, 0, 0], [255, 255, 0], [255, 255, 255]]
    assert heat(np.zeros((2, 2)), 0.0).max() == 0


def test_a_fall_is_red_a_rise_blue_and_nothing_white() -> None:
    tile = blue_red(np.array([[-2.0, 0.0, 1.0, 2.0]]), 2.0)
    assert tile[0].tolist() == [[0, 0, 255], [255, 255, 255], [255, 128, 128], [255, 0, 0]]
    assert blue_red(np.zeros((2, 2)), 0.0).min() == 255


@pytest.mark.parametrize("together", [False, True])
def test_signed_images_have_zero_in_grey_and_their_largest_number_white_or_black(together: bool) -> None:
    images = np.array([[[[0.0, 1.0, -1.0]]], [[[0.0, -0.5, 0.25]]], [[[0.0, 0.0, 0.0]]]])
    tiles = signed(images, together=together)
    small = [128, 64, 159] if together else [128, 0, 191]
    assert tiles[:, 0, :, 0].tolist() == [[128, 255, 0], small, [128, 128, 128]]


@pytest.mark.parametrize(("channels", "expected"), [(1, [0, 0, 0]), (2, [5, 5, 5]), (3, [0, 10, 20]), (4, [0, 10, 20])])
def test_three_channels_are_colours_and_others_grey(channels: int, expected: list[int]) -> None:
    image = 10.0 * np.arange(channels)[:, None, None] * np.ones((channels, 2, 3))
    assert colours(image[None]).shape == (1, 2, 3, 3)
    assert colours(image[None])[0, 0, 0].tolist() == expected


def test_an_image_is_shown_from_its_black_to_its_white() -> None:
    tiles = image_tiles(np.array([[[[4.0, 8.0, 20.0]]]]), 4.0, 20.0)
    assert tiles[0, 0, :, 0].tolist() == [0, 64, 255]

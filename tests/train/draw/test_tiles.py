"""Tiles show zero, sign and size of weights and maps, and stand where they should."""

import io

import numpy as np
import pytest
from PIL import Image

from netspec.train.draw.tiles import GAP, LARGEST, TILE, draw_tiles, filter_tiles, map_tiles


def pixels(content: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(content)) as picture:
        assert (picture.format, picture.mode) == ("PNG", "RGB")
        return np.asarray(picture)


def test_a_filter_has_zero_in_grey_and_its_largest_weight_white_or_black() -> None:
    filters = np.array([[[[0.0, 1.0, -1.0]]], [[[0.0, -0.02, 0.01]]], [[[0.0, 0.0, 0.0]]]], np.float32)
    tiles, _ = filter_tiles(filters)
    assert tiles.shape == (3, 1, 3, 3)
    assert tiles[:, 0, :, 0].tolist() == [[128, 255, 0], [128, 0, 191], [128, 128, 128]]


def test_filters_of_three_channels_are_in_colour() -> None:
    filters = np.zeros((5, 3, 2, 2), np.float32)
    filters[4, 0, 1, 0] = 2
    tiles, columns = filter_tiles(filters)
    assert (tiles.shape, columns) == ((5, 2, 2, 3), 3)
    assert tiles[4, 1, 0].tolist() == [255, 128, 128]


def test_filters_of_other_channels_have_a_row_each() -> None:
    filters = np.zeros((2, 4, 3, 3), np.float32)
    filters[1, 2] = -1
    tiles, columns = filter_tiles(filters)
    assert (len(tiles), columns) == (8, 4)
    assert [int(tile.max()) for tile in tiles] == [128, 128, 128, 128, 128, 128, 0, 128]


def test_maps_share_one_scale_from_zero_to_the_largest() -> None:
    tiles, _ = map_tiles(np.array([[[0.0, 4.0]], [[1.0, 2.0]]]))
    assert tiles[:, 0, :, 0].tolist() == [[0, 255], [64, 128]]
    tiles, _ = map_tiles(np.array([[[-1.0, 1.0]], [[0.0, 0.0]]]))
    assert tiles[:, 0, :, 0].tolist() == [[0, 255], [128, 128]]
    assert map_tiles(np.zeros((2, 3, 3)))[0].max() == 0
    assert map_tiles(np.full((1, 2, 2), -3.0))[0].max() == 0


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (28, 28), (224, 224)])
def test_tiles_stand_in_rows_from_left_to_right_on_white(size: tuple[int, int]) -> None:
    tiles = np.arange(5, dtype=np.uint8)[:, None, None, None] * np.ones((1, *size, 3), np.uint8)
    sheet = pixels(draw_tiles(tiles, 2))
    factor = max(1, TILE // max(size))
    height, width = factor * size[0], factor * size[1]
    assert sheet.shape == (3 * (height + GAP) + GAP, 2 * (width + GAP) + GAP, 3)
    for number in range(5):
        top, left = GAP + number // 2 * (height + GAP), GAP + number % 2 * (width + GAP)
        assert (sheet[top : top + height, left : left + width] == number).all()
    assert (sheet[:GAP] == 255).all()
    assert (sheet[-height - GAP :, -width - GAP :] == 255).all()


def test_very_many_tiles_are_drawn_small() -> None:
    sheet = pixels(draw_tiles(np.zeros((1024, 3, 3, 3), np.uint8), 512))
    assert sheet.shape[1] <= LARGEST

"""What sheets of the inside of a net hold: filters, maps, crops."""

import numpy as np
import pytest

from netspec.counting.field import Box
from netspec.insight.maximisation import Maximised
from netspec.insight.units import Unit
from netspec.ir.graph import Layer
from netspec.predict.intake import Intake
from netspec.train.draw.inside_sheets import excited_sheet, filter_sheet, made_sheet, map_sheet
from netspec.train.use.looked import Excited
from tests.insight.looking import graph_of

INTAKE = Intake((1, 6, 6), (0.0,), (1.0,))


def layer() -> Layer:
    return graph_of("input 1x6x6; conv 4 3x3 as c; dense 2").layers[1]


@pytest.mark.parametrize(
    ("shape", "tiles", "columns", "notes"),
    [
        ((4, 1, 3, 2), 1, 1, 0),
        ((4, 3, 3, 2), 1, 1, 0),
        ((4, 5, 3, 2), 5, 3, 1),
        ((4, 2, 3, 1, 3, 2), 6, 3, 1),
        ((4, 2, 3, 5, 3, 2), 6, 3, 2),
        ((40, 40, 3, 2), 32, 6, 2),
    ],
)
def test_a_filter_is_a_block(shape: tuple[int, ...], tiles: int, columns: int, notes: int) -> None:
    sheet = filter_sheet("n", layer(), np.random.default_rng(0).normal(size=shape), 32)
    assert [block.label for block in sheet.blocks] == [str(k) for k in range(min(32, shape[0]))]
    assert {(len(block.tiles), block.columns) for block in sheet.blocks} == {(tiles, columns)}
    assert all(tile.shape == (3, 2, 3) for block in sheet.blocks for tile in block.tiles)
    assert len([note for note in sheet.notes if note]) == notes


def test_a_filters_largest_weight_is_white_or_black_and_zero_grey() -> None:
    filters = np.zeros((2, 5, 1, 2), np.float32)
    filters[1, 2], filters[1, 4] = [[-4, 0]], [[2, 0]]
    resting, found = filter_sheet("n", layer(), filters, 32).blocks
    assert {int(shade) for tile in resting.tiles for shade in tile.ravel()} == {128}
    assert [tile[0, 0, 0] for tile in found.tiles] == [128, 128, 0, 128, 191]


def test_maps_share_a_scale_with_zero_in_it() -> None:
    sheet = map_sheet("n", layer(), np.array([[[0.0, 4.0]], [[1.0, 2.0]]]), "it", 32)
    assert [block.tiles[0][0, :, 0].tolist() for block in sheet.blocks] == [[0, 255], [64, 128]]
    assert (sheet.scales[0].low, sheet.scales[0].high) == ("0", "4")
    sheet = map_sheet("n", layer(), np.array([[[-1.0, -3.0]]]), "it", 32)
    assert sheet.blocks[0].tiles[0][0, :, 0].tolist() == [170, 0]
    assert (sheet.scales[0].low, sheet.scales[0].high) == ("-3", "0")


def test_of_many_maps_the_strongest_are_shown_in_their_order() -> None:
    maps = np.array([1.0, 5.0, 0.0, 9.0, 5.0])[:, None, None] * np.ones((5, 2, 2))
    sheet = map_sheet("n", layer(), maps, "it", 2)
    assert [block.label for block in sheet.blocks] == ["1", "3"]
    assert sheet.notes[-1] == "the strongest 2 of 5 maps"


def test_a_channels_images_and_gradients_are_cropped_alike() -> None:
    images = np.arange(36.0).reshape(1, 1, 6, 6).repeat(2, axis=0)
    crops = (Box(1, 4, 2, 6), None)
    units = (Unit(layer(), 3, (1, 2)), Unit(layer(), 3, (0, 0)))
    one = Excited(3, units, (7, 8), (2.0, 1.0), crops, images, images - 18, -images)
    sheet = excited_sheet("n", layer(), "the test part", [one], INTAKE)
    assert (len(sheet.blocks), sheet.together) == (3, 3)
    assert sheet.blocks[0].label == "3: 2 to 1"
    assert [tile.shape[:2] for tile in sheet.blocks[0].tiles] == [(3, 4), (1, 1)]
    assert sheet.blocks[0].tiles[0][..., 0].tolist() == images[0, 0, 1:4, 2:6].tolist()
    assert [block.tiles[0][2, 3, 0] for block in sheet.blocks[1:]] == [163, 44]
    assert "the first 1 of 4 channels" in sheet.notes[1]


def test_an_image_that_was_made_has_its_value_or_says_that_its_unit_rests() -> None:
    made = [Maximised(np.zeros((1, 6, 6)), np.array(values, np.float32)) for values in ([0, 0, 0], [0, 1, 2.5])]
    assert [block.label for block in made_sheet("n", layer(), made, "2 steps", INTAKE).blocks] == [
        "0: at rest",
        "1: 2.5",
    ]

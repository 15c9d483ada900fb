import numpy as np

from netspec.data.dataset import Part
from netspec.data.levels import Levels
from netspec.data.points import spirals
from netspec.data.sheet import contact_sheet
from tests.data.samples import labels, pixels


def part(*shape: int, classes: int = 3, count: int = 12) -> Part:
    return Part(pixels(count, *shape), labels(count, classes).astype(np.int32))


def test_the_sheet_shows_the_pixels_of_the_first_images_of_each_class():
    some = part(3, 28, 28)
    sheet = np.asarray(contact_sheet(some, ("a", "b", "c"), Levels(), columns=2))
    left = sheet.shape[1] - 2 * 60
    for row in range(3):
        for column in range(2):
            cell = sheet[4 + row * 60 :, left + column * 60 :][:56, :56]
            np.testing.assert_array_equal(cell[::2, ::2], np.moveaxis(some.images[row + 3 * column], 0, 2))


def test_grey_images_and_small_ranges_are_shown_up_to_white():
    some = Part(np.full((1, 1, 8, 8), 16, np.uint8), np.zeros(1, np.int32))
    sheet = np.asarray(contact_sheet(some, ("a",), Levels(white=16.0)))
    assert (sheet[5, -10 * 60 + 1] == 255).all()


def test_sheets_of_odd_sizes_and_channels_can_be_drawn():
    for shape in ((1, 200, 100), (4, 5, 90), (2, 6, 6), (7, 1, 1), (3, 1, 300)):
        assert contact_sheet(part(*shape), ("a", "b", "c"), Levels()).width > 40


def test_names_that_the_typeface_lacks_are_drawn_all_the_same():
    assert contact_sheet(part(1, 8, 8), ("猫", "ähre", "a very long name of a class"), Levels()).height == 3 * 60 + 4


def test_a_class_without_images_has_an_empty_row():
    assert contact_sheet(part(1, 8, 8), ("a", "b", "c", "d"), Levels()).height == 4 * 60 + 4


def test_more_than_a_hundred_classes_show_the_first_hundred():
    names = tuple(map(str, range(200)))
    assert contact_sheet(part(1, 8, 8, classes=200, count=200), names, Levels(), columns=1).height == 100 * 60 + 4


def test_points_become_a_scatter_plot():
    sheet = np.asarray(contact_sheet(spirals(1, 100, 0.0, stream=0), ("a", "b"), 1.0))
    assert sheet.shape == (480, 480, 3)
    assert {(31, 119, 180), (255, 127, 14)} <= {tuple(pixel) for pixel in sheet.reshape(-1, 3).tolist()}


def test_a_name_of_any_letters_stands_in_one_line():
    odd, spelled = (
        np.asarray(contact_sheet(part(3, 8, 8), (name, "b", "c"), Levels()))
        for name in ("a\n\x1b[2J\udcfc", r"a\n\x1b[2J\xfc")
    )
    np.testing.assert_array_equal(odd, spelled)

"""Black and white of files, of data sets, and of what is shown to a trained net."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.data.levels import (
    BYTE_PICTURES,
    FLOATS,
    INTEGERS,
    UNASKED,
    Asked,
    FileNumbers,
    Levels,
    UnsettledError,
    WiderError,
    array_levels,
    array_numbers,
    in_common_units,
    in_units,
    level_notices,
    picture_levels,
    renamed,
    repair,
    require_settled,
)
from tests.data.samples import refuses


@pytest.mark.parametrize(
    ("name", "low", "high", "wanted"),
    [
        ("uint8", 0, 255, Levels()),
        ("uint16", 0, 4095, Levels(0, 65_535, "integer")),
        ("int16", 0, 9, Levels(0, 32_767, "integer")),
        ("int16", -3, 9, Levels(-3, 9, "integer", settled=False)),
        ("int64", 0, 255, Levels(0, 255, "integer", settled=False)),
        ("bool", 0, 1, Levels(0, 1, "bool")),
        ("float32", 0.25, 0.5, Levels(0, 1, "float")),
        ("float64", -1, 1, Levels(-1, 1, "float", settled=False)),
        ("float64", 0, 37, Levels(0, 37, "float", settled=False)),
        ("float64", -5, -5, Levels(-5, -4, "float", settled=False)),
        ("int32", 0, 0, Levels(0, 1, "integer", settled=False)),
    ],
)
def test_white_of_an_array_is_the_largest_number_of_its_type(name: str, low: float, high: float, wanted: Levels):
    assert array_levels(array_numbers(name, low, high), UNASKED) == wanted


@pytest.mark.parametrize(
    ("name", "low", "high", "asked", "wanted"),
    [
        ("uint16", 0, 4095, Asked(white=4095), (0, 4095)),
        ("int64", 0, 255, Asked(white=255), (0, 255)),
        ("float32", -1, 1, Asked(black=-1), (-1, 1)),
        ("float32", -1, 0.5, Asked(-2, 2), (-2, 2)),
        ("uint8", 0, 255, Asked(white=16), (0, 16)),
    ],
)
def test_what_the_spec_names_settles_black_and_white(name: str, low: float, high: float, asked: Asked, wanted: Any):
    found = array_levels(array_numbers(name, low, high), asked)
    assert (found.black, found.white) == wanted
    assert found.given
    assert found.settled


def test_white_must_be_above_black():
    refuses("E561", lambda: array_levels(array_numbers("uint8"), Asked(black=300)))
    refuses("E561", lambda: picture_levels(Asked(black=5, white=5)))
    refuses("E561", lambda: renamed(Levels(), Asked(white=-1)))


def test_levels_that_no_byte_holds_are_for_wider_numbers():
    assert picture_levels(UNASKED) == BYTE_PICTURES
    assert picture_levels(Asked(white=100)) == Levels(0, 100, "uint8", given=True)
    assert picture_levels(Asked(white=4095)) == Levels(0, 4095, "integer", given=True)
    assert picture_levels(Asked(-1, 1)) == Levels(-1, 1, "integer", given=True)
    assert picture_levels(UNASKED, FLOATS) == Levels(0, 1, "float")


def test_a_folder_is_read_again_in_the_units_of_its_widest_picture():
    tried: list[Levels] = []

    def read(levels: Levels) -> str:
        tried.append(levels)
        if levels.kind != FLOATS:
            raise WiderError(INTEGERS if len(tried) == 1 else FLOATS)
        return "all"

    assert in_common_units(UNASKED, read) == "all"
    assert [(levels.kind, levels.white) for levels in tried] == [("uint8", 255), ("integer", 65_535), ("float", 1)]


SMALL = st.integers(-(2**15), 2**16).map(float)


@given(black=SMALL, white=SMALL, kind=st.sampled_from(["uint8", "integer", "float", "bytes", "made", ""]))
def test_black_and_white_of_a_file_become_those_of_the_data_set(black: float, white: float, kind: str):
    if white <= black:
        black, white = white, black + 1
    levels = Levels(black, white, kind)
    for stored in (FileNumbers("uint8", "uint8", 255, 0, 255), FileNumbers("uint16", "integer", 65_535, 0, 9)):
        found = in_units(np.array([0.0, stored.own_white or 0]), stored, levels)
        assert found.tolist() == [black, white]


@given(values=st.lists(SMALL, min_size=1), white=st.integers(1, 2**16))
def test_numbers_of_the_own_kind_are_in_the_units_that_the_spec_names(values: list[float], white: int):
    numbers = np.array(values)
    stored = FileNumbers("int32", "integer", None, numbers.min(), numbers.max())
    levels = Levels(0, float(white), "integer", given=True)
    np.testing.assert_array_equal(in_units(numbers, stored, levels), numbers)


@pytest.mark.parametrize("levels", [Levels(), Levels(0, 16, "made"), Levels(0, 65_535, "integer")])
def test_numbers_without_a_white_are_taken_as_they_are_within_the_levels_and_refused_beyond(levels: Levels):
    values = np.array([0.0, levels.white])
    within = FileNumbers("int32", "integer", None, 0, levels.white)
    np.testing.assert_array_equal(in_units(values, within, levels), values)
    for low, high in ((-1.0, 1.0), (0.0, levels.white + 1)):
        with pytest.raises(UnsettledError):
            in_units(values, FileNumbers("int32", "integer", None, low, high), levels)


def test_where_the_levels_are_not_settled_only_numbers_of_their_kind_and_range_are_taken():
    levels = Levels(-1, 1, "float", settled=False)
    values = np.array([-0.5, 1])
    np.testing.assert_array_equal(in_units(values, FileNumbers("float32", "float", 1, -0.5, 1), levels), values)
    for stored in (FileNumbers("float32", "float", 1, -2, 1), FileNumbers("uint8", "uint8", 255, 0, 255)):
        with pytest.raises(UnsettledError):
            in_units(values, stored, levels)


@given(low=st.floats(-1e6, 1e6, width=32), span=st.floats(0, 1e6, width=32), name=st.sampled_from(["float32", "int32"]))
def test_the_repair_that_is_shown_settles_the_levels(low: float, span: float, name: str):
    low, high = (float(round(low)), float(round(low + span + 1))) if name == "int32" else (low, low + span)
    found = array_numbers(name, low, high)
    levels = array_levels(found, UNASKED)
    if levels.settled or levels.white <= 0:
        return
    wanted = dict(one.split("=") for one in repair(low, high, found.kind).split())
    asked = Asked(*(float(wanted[key]) if key in wanted else None for key in ("black", "white")))
    assert renamed(levels, asked).settled
    require_settled(FileNumbers(name, found.kind, found.own_white, low, high), asked)


def test_twelve_bits_in_sixteen_are_noticed():
    (notice,) = level_notices(Levels(0, 65_535, "integer"), UNASKED, 0, 4000)
    assert "`white=4095`" in notice
    assert level_notices(Levels(0, 65_535, "integer"), UNASKED, 0, 60_000) == ()
    assert level_notices(Levels(0, 4095, "integer", given=True), Asked(white=4095), 0, 4000) == ()


def test_pixels_beyond_the_levels_are_noticed():
    (notice,) = level_notices(Levels(0, 4095, "integer", given=True), Asked(white=4095), 0, 5000)
    assert "beyond 0 (black) and 4095 (white)" in notice

"""What a first look at the pictures of a folder finds out about their numbers."""

from pathlib import Path

import numpy as np

from netspec.data.level_check import LevelCheck
from netspec.data.levels import BYTE_PICTURES, UNASKED, Asked, FileNumbers, UnsettledError, picture_levels
from netspec.data.picture import Picture
from tests.data.samples import refuses

NUMBERS = FileNumbers("uint16", "integer", 65_535, 0, 0)


def picture(*values: float, loses_bits: bool = False, dtype: str = "float32") -> Picture:
    return Picture(np.array([[values]], dtype), (1, len(values)), NUMBERS, loses_bits)


def test_the_range_of_all_pictures_without_a_white_is_told_with_the_repair():
    level_check = LevelCheck(BYTE_PICTURES, UNASKED)
    level_check.require_settled()
    level_check.unsettle(Path("a.tiff"), UnsettledError("int32", 3, 100))
    level_check.unsettle(Path("b.tiff"), UnsettledError("int32", -20, 50))
    error = refuses("E558", level_check.require_settled)
    assert error.message == (
        "`a.tiff` and 1 more: the pixels are int32 from -20 to 100, "
        "and nothing tells which number is white and which is black"
    )
    assert error.helps == ("name it in the `data` line, for example `black=-20 white=100`",)


def test_numbers_beyond_the_levels_are_noticed():
    asked = Asked(white=4095)
    level_check = LevelCheck(picture_levels(asked, "integer"), asked)
    level_check.add(Path("a.tiff"), picture(0, 4000))
    assert level_check.notices() == ()
    level_check.add(Path("b.tiff"), picture(5, 5000))
    (notice,) = level_check.notices()
    assert "from 0 to 5000, beyond 0 (black) and 4095 (white)" in notice


def test_bits_that_are_not_read_are_noticed_once():
    level_check = LevelCheck(BYTE_PICTURES, UNASKED)
    for name in ("a.png", "b.png", "c.png"):
        level_check.add(Path(name), picture(1, loses_bits=True, dtype="uint8"))
    assert level_check.notices() == ("`a.png` and 2 more have 16 bits a colour, of which 8 are read",)

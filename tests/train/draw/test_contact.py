"""Contact sheets: tiles are enlarged alike and stand where they should, under letters that any name may have."""

import io

import numpy as np
import pytest
from PIL import Image

from netspec.train.draw.contact import WIDEST, Block, Scale, Sheet, draw_sheet, lettered

RED, BLUE = (255, 0, 0), (0, 0, 255)
RAMP = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)


def tile(height: int, width: int, colour: tuple[int, int, int] = RED) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)


def drawn(sheet: Sheet) -> np.ndarray:
    with Image.open(io.BytesIO(draw_sheet(sheet))) as picture:
        assert (picture.format, picture.mode) == ("PNG", "RGB")
        return np.asarray(picture)


def boxes(pixels: np.ndarray, colour: tuple[int, int, int]) -> tuple[int, int]:
    """Height and width of the part of a picture that holds all pixels of a colour."""
    rows, columns = np.nonzero((pixels == colour).all(axis=2))
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


def corner(pixels: np.ndarray, colour: tuple[int, int, int]) -> tuple[int, int]:
    """The first row and the first column that a colour is in."""
    rows, columns = np.nonzero((pixels == colour).all(axis=2))
    return int(rows.min()), int(columns.min())


@pytest.mark.parametrize(
    ("size", "shown"),
    [((1, 1), (48, 48)), ((5, 3), (45, 27)), ((40, 40), (40, 40)), ((96, 90), (96, 90)), ((384, 192), (96, 48))],
)
def test_tiles_are_enlarged_by_whole_factors_and_large_ones_shrunk(
    size: tuple[int, int], shown: tuple[int, int]
) -> None:
    assert boxes(drawn(Sheet("one", (), (Block("0", (tile(*size),)),))), RED) == shown


def test_tiles_of_one_sheet_are_enlarged_alike() -> None:
    pixels = drawn(Sheet("two", (), (Block("0", (tile(8, 8),)), Block("1", (tile(4, 2, BLUE),)))))
    assert (boxes(pixels, RED), boxes(pixels, BLUE)) == ((48, 48), (24, 12))


def test_the_tiles_of_a_block_are_in_rows() -> None:
    tiles = tuple(tile(4, 4, (0, 40 * k, 200)) for k in range(5))
    pixels = drawn(Sheet("block", (), (Block("five", tiles, 3),)))
    tops, lefts = zip(
        *(np.argwhere((pixels == (0, 40 * k, 200)).all(axis=2)).min(axis=0) for k in range(5)), strict=True
    )
    assert tops[0] == tops[1] == tops[2] < tops[3] == tops[4]
    assert lefts[0] == lefts[3] < lefts[1] == lefts[4] < lefts[2]


def test_blocks_that_belong_together_stay_in_one_row() -> None:
    blocks = tuple(Block(str(k), (tile(9, 9, (0, 10 * k, 200)),)) for k in range(18))
    pixels = drawn(Sheet("threes", (), blocks, together=3))
    tops = [corner(pixels, (0, 10 * k, 200))[0] for k in range(18)]
    assert all(len(set(tops[first : first + 3])) == 1 for first in range(0, 18, 3))


def test_a_sheet_of_many_blocks_is_about_as_wide_as_high() -> None:
    pixels = drawn(Sheet("many", (), tuple(Block(str(k), (tile(8, 8),)) for k in range(400))))
    assert 0.5 < pixels.shape[0] / pixels.shape[1] < 2
    assert pixels.shape[1] <= WIDEST + 24


def test_title_notes_labels_and_scales_leave_ink() -> None:
    bare = drawn(Sheet("", (), (Block("", (tile(4, 4),)),)))
    assert not (bare == 0).all(axis=2).any()
    for sheet in (
        Sheet("title", (), (Block("", (tile(4, 4),)),)),
        Sheet("", ("a note",), (Block("", (tile(4, 4),)),)),
        Sheet("", (), (Block("label", (tile(4, 4),)),)),
    ):
        assert (drawn(sheet) < 60).all(axis=2).any()
    scaled = drawn(Sheet("", (), (Block("", (tile(4, 4),)),), (Scale("all", RAMP, "0", "3.2"),)))
    assert {40, 80, 120, 200} <= set(scaled[..., 1].ravel().tolist())


def test_a_long_note_is_wrapped_and_a_long_title_cut() -> None:
    short, long = (drawn(Sheet(f"t {'x' * n}", ("word " * n,), (Block("y" * n, (tile(4, 4),)),))) for n in (2, 90))
    assert short.shape[1] == long.shape[1]
    assert long.shape[0] > short.shape[0]


@pytest.mark.parametrize("name", ["a\x1b[2J\n", "猫", "\udcfc", "$\\frac$", ""])
def test_any_name_can_be_drawn(name: str) -> None:
    assert lettered(name).isprintable()
    sheet = Sheet(name, (name,), (Block(name, (tile(4, 4),)),), (Scale(name, RAMP, name, name),))
    assert draw_sheet(sheet) == draw_sheet(sheet)


def test_a_sheet_without_blocks_has_its_title() -> None:
    assert (drawn(Sheet("nothing", (), ())) < 60).all(axis=2).any()

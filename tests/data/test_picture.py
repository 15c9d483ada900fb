import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netspec.data.levels import BYTE_PICTURES, UNASKED, Asked, Levels, UnsettledError, WiderError, picture_levels
from netspec.data.picture import Form, prepared, stays_bytes
from netspec.data.picture import read_picture as read_file
from tests.data.samples import pixels, refuses

COLOUR = pixels(1, 6, 5, 3)[0]


WIDE = Levels(0, 65_535, "integer")


def read_picture(path: Path, channels: int, size: tuple[int, int] | None = None) -> np.ndarray:
    return read_file(path, Form(channels, size)).pixels


def save(path: Path, array: np.ndarray, **options: object) -> Path:
    Image.fromarray(array).save(path, **options)
    return path


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tiff", ".ppm", ".webp"])
def test_pictures_without_loss_keep_their_bytes(tmp_path: Path, suffix: str):
    options = {"lossless": True} if suffix == ".webp" else {}
    found = read_picture(save(tmp_path / f"a{suffix}", COLOUR, **options), 3)
    np.testing.assert_array_equal(found, np.moveaxis(COLOUR, 2, 0))
    assert found.dtype == np.uint8
    assert found.flags.c_contiguous


def test_jpeg_comes_close(tmp_path: Path):
    smooth = np.full((16, 16, 3), (200, 100, 50), np.uint8)
    found = read_picture(save(tmp_path / "a.jpg", smooth), 3)
    assert np.abs(found.astype(int) - np.moveaxis(smooth, 2, 0)).max() < 5


def test_colour_becomes_grey_and_grey_colour(tmp_path: Path):
    grey = read_picture(save(tmp_path / "a.png", np.full((2, 2, 3), (255, 0, 0), np.uint8)), 1)
    assert grey.tolist() == [[[76, 76], [76, 76]]]
    colour = read_picture(save(tmp_path / "b.png", np.full((2, 2), 9, np.uint8)), 3)
    assert (colour == 9).all()
    assert colour.shape == (3, 2, 2)


def test_a_palette_gives_its_colours(tmp_path: Path):
    picture = Image.new("P", (2, 1))
    picture.putpalette([10, 20, 30, 40, 50, 60])
    picture.putpixel((1, 0), 1)
    picture.save(tmp_path / "a.gif")
    assert read_picture(tmp_path / "a.gif", 3)[:, 0].T.tolist() == [[10, 20, 30], [40, 50, 60]]


def test_transparent_parts_are_seen_on_white(tmp_path: Path):
    array = np.array([[[10, 20, 30, 0], [10, 20, 30, 255]]], np.uint8)
    path = save(tmp_path / "a.png", array)
    assert read_picture(path, 3)[:, 0].T.tolist() == [[255] * 3, [10, 20, 30]]
    assert read_picture(path, 4)[3].tolist() == [[0, 255]]
    assert read_picture(path, 1)[0, 0, 0] == 255


def test_a_transparent_palette_is_seen_on_white(tmp_path: Path):
    picture = Image.new("P", (2, 1))
    picture.putpalette([10, 20, 30, 40, 50, 60])
    picture.putpixel((1, 0), 1)
    picture.save(tmp_path / "a.png", transparency=0)
    assert read_picture(tmp_path / "a.png", 3)[:, 0].T.tolist() == [[255] * 3, [40, 50, 60]]


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_sixteen_bits_are_kept_in_units_of_sixteen_and_scaled_to_those_of_eight(
    tmp_path: Path, suffix: str, channels: int
):
    values = np.array([[0, 128, 129, 257, 32_768, 65_535]], np.uint16)
    path = save(tmp_path / f"a{suffix}", values)
    kept = read_file(path, Form(channels, levels=WIDE)).pixels
    assert kept.dtype == np.float32
    np.testing.assert_array_equal(kept[0], values)
    assert (kept[3:] == 65_535).all()  # alpha
    scaled = read_file(path, Form(channels)).pixels
    np.testing.assert_array_equal(scaled[0], (values / 257).astype(np.float32))


def test_a_wider_picture_is_told_while_a_data_set_is_read(tmp_path: Path):
    path = save(tmp_path / "a.png", np.array([[1]], np.uint16))
    with pytest.raises(WiderError) as caught:
        read_file(path, Form(1, levels=BYTE_PICTURES, asked=UNASKED))
    assert caught.value.kind == "integer"


@pytest.mark.parametrize(
    ("numbers", "asked", "settled"),
    [
        (np.array([[0, 200]], np.int32), UNASKED, False),
        (np.array([[0, 200]], np.int32), Asked(white=200), True),
        (np.array([[-1, 200]], np.int32), Asked(white=200), False),
        (np.array([[-1, 200]], np.int32), Asked(-1, 200), True),
        (np.array([[0, 0.5]], np.float32), UNASKED, True),
        (np.array([[0, 1.5]], np.float32), UNASKED, False),
        (np.array([[-0.5, 0.5]], np.float32), UNASKED, False),
        (np.array([[-0.5, 0.5]], np.float32), Asked(black=-1), True),
    ],
)
def test_numbers_without_a_white_of_their_own_need_one(
    tmp_path: Path, numbers: np.ndarray, asked: Asked, settled: bool
):
    path = save(tmp_path / "a.tiff", numbers)
    form = Form(1, levels=picture_levels(asked, "float" if numbers.dtype.kind == "f" else "integer"), asked=asked)
    if settled:
        np.testing.assert_array_equal(read_file(path, form).pixels[0], numbers)
        return
    with pytest.raises(UnsettledError) as caught:
        read_file(path, form)
    assert (caught.value.low, caught.value.high) == (numbers.min(), numbers.max())


@pytest.mark.parametrize("levels", [WIDE, Levels(-1, 1, "float", given=True), Levels(0, 4095, "integer", given=True)])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_eight_bits_go_from_black_to_white_of_other_units(levels: Levels, mode: str):
    image = Image.fromarray(COLOUR).convert(mode)
    pixels = prepared(image, Form(4, levels=levels)).pixels
    exact = levels.black + np.moveaxis(np.asarray(image.convert("RGBA"), float), 2, 0) / 255 * levels.span
    np.testing.assert_allclose(pixels, exact, rtol=1e-6)
    assert not stays_bytes(levels)


def test_alpha_is_resized_with_premultiplied_colours_as_pillow_does():
    image = Image.fromarray(pixels(1, 9, 8, 4)[0])
    found = prepared(image, Form(4, (4, 5))).pixels
    wanted = np.asarray(image.resize((5, 4), Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(found, np.moveaxis(wanted, 2, 0))


def test_wide_numbers_are_resized_without_rounding(tmp_path: Path):
    values = np.array([[0, 1], [2, 40_000]], np.uint16)
    found = read_file(save(tmp_path / "a.png", values), Form(1, (1, 1), WIDE)).pixels
    assert found.item() == values.mean()


def test_a_transparent_grey_of_sixteen_bits_is_seen_on_white(tmp_path: Path):
    path = save(tmp_path / "a.png", np.array([[300, 301]], np.uint16), transparency=300)
    assert read_file(path, Form(1, levels=WIDE)).pixels.tolist() == [[[65_535, 301]]]
    assert read_file(path, Form(4, levels=WIDE)).pixels[:, 0].T.tolist() == [[300] * 3 + [0], [301] * 3 + [65_535]]


@pytest.mark.parametrize("mode", ["LA", "La", "PA", "RGBa", "LAB", "YCbCr", "CMYK", "1", "P"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_every_mode_of_pillow_is_read(mode: str, channels: int):
    colour = Image.fromarray(COLOUR)
    if mode == "LAB":
        image = Image.frombytes("LAB", colour.size, colour.tobytes())
    else:
        way = {"La": "LA", "RGBa": "RGBA"}.get(mode)
        image = colour.convert(way).convert(mode) if way else colour.convert(mode)
    found = prepared(image, Form(channels)).pixels
    assert (found.shape, found.dtype) == ((channels, 6, 5), np.uint8)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_picture_with_a_number_that_is_not_finite_is_refused(tmp_path: Path, value: float):
    path = save(tmp_path / "a.tiff", np.array([[0, value]], np.float32))
    refuses("E512", lambda: read_file(path, Form(1, levels=Levels(0, 1, "float"))))


def test_a_photograph_is_turned_as_its_data_say(tmp_path: Path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held turned by a quarter
    path = save(tmp_path / "a.png", COLOUR, exif=exif)
    np.testing.assert_array_equal(read_picture(path, 3), np.moveaxis(np.rot90(COLOUR, -1), 2, 0))


def test_a_picture_can_be_resized(tmp_path: Path):
    assert read_picture(save(tmp_path / "a.png", COLOUR), 3, (8, 12)).shape == (3, 8, 12)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no picture",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b"GIF89a",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    ],
)
def test_files_that_are_no_pictures_are_refused(tmp_path: Path, content: bytes):
    (tmp_path / "a.png").write_bytes(content)
    refuses("E512", lambda: read_picture(tmp_path / "a.png", 3))


def test_a_broken_picture_is_refused(tmp_path: Path):
    raw = save(tmp_path / "a.png", pixels(1, 60, 60, 3)[0]).read_bytes()
    for cut in (30, len(raw) // 2, len(raw) - 100):
        (tmp_path / "cut.png").write_bytes(raw[:cut])
        refuses("E512", lambda: read_picture(tmp_path / "cut.png", 3))


def test_a_bomb_is_refused_quickly(tmp_path: Path):
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    for side in (9_000, 12_000, 60_000):
        header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
        raw = (
            b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", header)
            + chunk(b"IDAT", zlib.compress(bytes(1000)))
            + chunk(b"IEND", b"")
        )
        (tmp_path / "bomb.png").write_bytes(raw)
        refuses("E512", lambda: read_picture(tmp_path / "bomb.png", 3))


def test_missing_files_and_folders_are_refused(tmp_path: Path):
    assert "no such file" in refuses("E512", lambda: read_picture(tmp_path / "none.png", 3)).message
    assert "not a file" in refuses("E512", lambda: read_picture(tmp_path, 3)).message


def test_a_net_of_two_channels_takes_no_pictures(tmp_path: Path):
    refuses("E514", lambda: read_picture(save(tmp_path / "a.png", COLOUR), 2))


def test_no_warning_filter_is_left_behind(tmp_path: Path):
    before = list(warnings.filters)
    read_picture(save(tmp_path / "a.png", COLOUR), 3)
    assert warnings.filters == before

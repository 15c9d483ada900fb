import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netspec.data.picture import read_picture
from tests.data.samples import pixels, refuses

COLOUR = pixels(1, 6, 5, 3)[0]


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
def test_sixteen_bits_become_eight_by_rounding(tmp_path: Path, suffix: str):
    values = np.array([[0, 128, 129, 257, 32_768, 65_535]], np.uint16)
    found = read_picture(save(tmp_path / f"a{suffix}", values), 1)
    assert found[0, 0].tolist() == [0, 0, 1, 1, 128, 255]


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


def test_floating_point_pixels_are_refused(tmp_path: Path):
    path = save(tmp_path / "a.tiff", np.ones((3, 3), np.float32))
    assert "floating" in refuses("E512", lambda: read_picture(path, 1)).message


def test_missing_files_and_folders_are_refused(tmp_path: Path):
    assert "no such file" in refuses("E512", lambda: read_picture(tmp_path / "none.png", 3)).message
    assert "not a file" in refuses("E512", lambda: read_picture(tmp_path, 3)).message


def test_a_net_of_two_channels_takes_no_pictures(tmp_path: Path):
    refuses("E514", lambda: read_picture(save(tmp_path / "a.png", COLOUR), 2))


def test_no_warning_filter_is_left_behind(tmp_path: Path):
    before = list(warnings.filters)
    read_picture(save(tmp_path / "a.png", COLOUR), 3)
    assert warnings.filters == before

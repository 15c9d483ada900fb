"""What Pillow does not tell of grey pictures with more than eight bits is found all the same."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from netspec.data.grey import GreyFile

UNSIGNED, SIGNED, FLOAT = 1, 2, 3
WHITE_IS_ZERO, BLACK_IS_ZERO = 0, 1


def tiff(
    pixels: bytes, bits: int, form: int, photometric: int = BLACK_IS_ZERO, size: tuple[int, int] = (4, 1)
) -> bytes:
    """A TIFF file of one strip, its tags in order."""
    words = {256: size[0], 257: size[1], 258: bits, 259: 1, 262: photometric, 273: 8, 277: 1, 278: size[1]}
    tags = [*words.items(), (279, len(pixels)), (339, form)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    head = b"II*\0" + struct.pack("<I", 8 + len(pixels))
    return head + pixels + struct.pack("<H", len(tags)) + entries + struct.pack("<I", 0)


def asked(content: bytes) -> tuple[GreyFile, list[float], object]:
    with Image.open(io.BytesIO(content)) as image:
        file = GreyFile(image)
        values, stored = file.numbers(image)
        return file, values.ravel().tolist(), stored


@pytest.mark.parametrize(
    ("numbers", "bits", "form", "white"),
    [
        (np.array([0, 5, 4095, 65_535], "<u2"), 16, UNSIGNED, 65_535),
        (np.array([-9, 5, 4095, 32_767], "<i2"), 16, SIGNED, 32_767),
        (np.array([0, 5, 2**31 + 5, 2**32 - 1], "<u4"), 32, UNSIGNED, None),
        (np.array([0, -5, 2**31 - 1, -(2**31)], "<i4"), 32, SIGNED, None),
        (np.array([0, -1, 127, -128], "i1"), 8, SIGNED, 127),
        (np.array([0, -1, 0.5, 1e9], "<f4"), 32, FLOAT, 1),
    ],
)
def test_numbers_of_every_type_come_as_the_file_has_them(
    numbers: np.ndarray, bits: int, form: int, white: float | None
):
    file, values, stored = asked(tiff(numbers.tobytes(), bits, form))
    assert file.is_wide
    assert values == numbers.tolist()
    assert stored.numbers == numbers.dtype.name
    assert (stored.own_white, stored.low, stored.high) == (white, numbers.min(), numbers.max())


def test_twelve_bits_have_their_own_white():
    _, values, stored = asked(tiff(bytes([0xFF, 0xF0, 0x05, 0x00, 0x10, 0x02]), 12, UNSIGNED))
    assert values == [4095, 5, 1, 2]
    assert stored.own_white == 4095


@pytest.mark.parametrize(("photometric", "inverted"), [(WHITE_IS_ZERO, True), (BLACK_IS_ZERO, False)])
def test_white_that_is_zero_is_told_where_pillow_leaves_it_so(photometric: int, inverted: bool):
    file, values, _ = asked(tiff(np.array([0, 1, 2, 3], "<u2").tobytes(), 16, UNSIGNED, photometric))
    assert file.inverted == inverted
    assert values == [0, 1, 2, 3]


@pytest.mark.parametrize("largest", [256, 1023, 4095, 65_535])
def test_a_pgm_of_sixteen_bits_says_its_own_white(largest: int):
    numbers = np.array([0, 1, largest // 3, largest], ">u2")
    _, values, stored = asked(b"P5 4 1 %d\n" % largest + numbers.tobytes())
    assert values == numbers.tolist()
    assert stored.own_white == largest


def test_bits_of_colours_that_pillow_drops_are_told():
    for content, loses in ((b"P6 1 1 65535\n" + bytes(6), True), (b"P6 1 1 255\n" + bytes(3), False)):
        with Image.open(io.BytesIO(content)) as image:
            assert GreyFile(image).loses_bits == loses


def test_pictures_of_eight_bits_are_not_wide():
    for mode in ("1", "L", "P", "LA", "RGB", "RGBA", "CMYK"):
        assert not GreyFile(Image.new(mode, (2, 2))).is_wide

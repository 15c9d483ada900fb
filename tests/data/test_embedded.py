import hashlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netspec.data.embedded import FILE, parse_small_numbers, read_digits


def test_the_digits_are_those_of_uci():
    raw = FILE.read_bytes()
    assert len(raw) == 57_523
    assert hashlib.sha256(raw).hexdigest() == "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22"
    assert "CC BY 4.0" in FILE.with_name("ATTRIBUTION.md").read_text()


def test_there_are_1797_images_in_ten_classes():
    digits = read_digits()
    assert digits.train.images.shape == (1797, 1, 8, 8)
    assert digits.train.images.dtype == np.uint8
    assert digits.train.images.max() == digits.levels.white == 16
    assert np.bincount(digits.train.labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert digits.test is None
    assert digits.train.images[0, 0, 0].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]


@given(st.lists(st.integers(0, 99), min_size=1), st.sampled_from([",", "\n"]))
def test_small_numbers_are_parsed(numbers: list[int], separator: str):
    text = "".join(f"{number}{separator}" for number in numbers).encode()
    assert parse_small_numbers(text).tolist() == numbers

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from netspec.data.idx import find, is_idx, read_array, read_header, read_part
from tests.data.samples import CODES, idx, labels, pixels, reads_or_refuses, refuses, write_idx


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("idx")


numbers = st.sampled_from(sorted(CODES)).flatmap(
    lambda name: arrays.arrays(np.dtype(name), arrays.array_shapes(min_dims=1, max_dims=4, max_side=5))
)


@given(numbers, st.booleans())
def test_what_is_written_is_read(scratch: Path, array: np.ndarray, packed: bool):
    found = read_array(write_idx(scratch / ("a.gz" if packed else "a"), array))
    assert found.shape == array.shape
    assert found.dtype.newbyteorder("=") == array.dtype
    np.testing.assert_array_equal(found, array)


def test_bytes_stay_bytes_and_other_numbers_become_float32(tmp_path: Path):
    write_idx(tmp_path / "labels", labels(4))
    for name in CODES:
        images = write_idx(tmp_path / name, np.arange(4 * 6).reshape(4, 2, 3).astype(name))
        part = read_part(images, tmp_path / "labels")
        assert part.images.shape == (4, 1, 2, 3)
        assert part.images.dtype == ("uint8" if name == "uint8" else "float32")
        assert part.images[2, 0, 1, 0] == 15
        assert part.labels.dtype == np.int32


@settings(max_examples=200)
@given(st.data())
def test_a_file_cut_at_any_byte_is_refused(scratch: Path, data: st.DataObject):
    raw = idx(pixels(3, 4, 5))
    raw = gzip.compress(raw, mtime=0) if data.draw(st.booleans()) else raw
    cut = data.draw(st.integers(0, len(raw) - 1))
    (scratch / "cut").write_bytes(raw[:cut])
    assert not reads_or_refuses(lambda: read_array(scratch / "cut"))


@settings(max_examples=200)
@given(st.data())
def test_a_flipped_byte_is_refused_or_gives_an_array(scratch: Path, data: st.DataObject):
    raw = bytearray(idx(pixels(3, 4, 5)))
    if packed := data.draw(st.booleans()):
        raw = bytearray(gzip.compress(raw, mtime=0))
    place = data.draw(st.integers(0, len(raw) - 1 if packed else 15))
    raw[place] ^= data.draw(st.integers(1, 255))
    (scratch / "flip").write_bytes(raw)
    reads_or_refuses(lambda: read_array(scratch / "flip"))


@given(st.binary(max_size=60))
def test_any_bytes_are_refused_or_give_an_array(scratch: Path, raw: bytes):
    (scratch / "any").write_bytes(raw)
    reads_or_refuses(lambda: read_array(scratch / "any"))


@pytest.mark.parametrize("packed", [False, True])
def test_sizes_of_terabytes_are_refused_before_memory_is_taken(tmp_path: Path, packed: bool):
    raw = struct.pack(">4I", 2051, 2**32 - 1, 2**32 - 1, 2**32 - 1) + bytes(5000)
    (tmp_path / "huge").write_bytes(gzip.compress(raw) if packed else raw)
    assert not reads_or_refuses(lambda: read_array(tmp_path / "huge"), most_bytes=1 << 20)


def test_a_foreign_file_tells_how_it_begins(tmp_path: Path):
    (tmp_path / "text").write_bytes(b"name,label\n")
    error = refuses("E504", lambda: read_header(tmp_path / "text"))
    assert "6e 61 6d 65" in error.message
    assert "00 00 08 03" in error.notes[0]


def test_bytes_after_the_end_are_refused(tmp_path: Path):
    for name, raw in (("plain", idx(labels(5)) + b"\0"), ("packed", gzip.compress(idx(labels(5)) + b"\0"))):
        (tmp_path / name).write_bytes(raw)
        refuses("E503", lambda name=name: read_array(tmp_path / name))


def test_images_and_labels_must_be_as_many(tmp_path: Path):
    images = write_idx(tmp_path / "images", pixels(6, 2, 2))
    numbers = write_idx(tmp_path / "labels", labels(5))
    message = refuses("E505", lambda: read_part(images, numbers)).message
    assert "6 images" in message
    assert "5 labels" in message


def test_images_in_the_place_of_labels_are_refused(tmp_path: Path):
    images = write_idx(tmp_path / "images", pixels(6, 2, 2))
    refuses("E506", lambda: read_part(images, images))
    refuses("E507", lambda: read_part(write_idx(tmp_path / "labels", labels(6)), images))


def test_a_file_is_found_in_every_usual_spelling(tmp_path: Path):
    stem = "train-images-idx3-ubyte"
    assert find(tmp_path, stem) is None
    for name in (f"{stem}.gz", "train-images.idx3-ubyte", stem):
        (tmp_path / name).write_bytes(b"x")
        assert find(tmp_path, stem) is not None
    assert find(tmp_path, stem) == tmp_path / stem


def test_only_known_types_and_ranks_are_idx():
    assert is_idx(b"\0\0\x08\x03")
    assert not any(
        is_idx(first) for first in (b"", b"\0\0\x08", b"\0\0\x0a\x03", b"\0\0\x08\0", b"\0\0\x08\5", b"PK\3\4")
    )

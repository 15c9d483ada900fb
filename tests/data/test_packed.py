import gzip
import os
from pathlib import Path

import pytest

from netspec.data.packed import content, head, is_packed, whole
from tests.data.samples import reads_or_refuses, refuses


def test_compressed_and_plain_files_read_alike(tmp_path: Path):
    (tmp_path / "plain").write_bytes(b"hello")
    (tmp_path / "packed").write_bytes(gzip.compress(b"hello"))
    for name in ("plain", "packed"):
        assert content(tmp_path / name, 5) == b"hello"
        assert head(tmp_path / name, 2) == b"he"
        assert whole(tmp_path / name, 5) == b"hello"
    assert is_packed(tmp_path / "packed")
    assert not is_packed(tmp_path / "plain")


def test_a_file_of_several_compressed_members_is_read_to_its_end(tmp_path: Path):
    (tmp_path / "two").write_bytes(gzip.compress(b"ab") + gzip.compress(b"cd"))
    assert content(tmp_path / "two", 4) == b"abcd"


@pytest.mark.parametrize("size", [4, 6, 10**15])
def test_a_content_of_another_size_than_announced_is_damaged(tmp_path: Path, size: int):
    for name, raw in (("plain", b"hello"), ("packed", gzip.compress(b"hello"))):
        (tmp_path / name).write_bytes(raw)
        refuses("E503", lambda name=name: content(tmp_path / name, size))


def test_a_size_that_no_file_can_have_takes_no_memory(tmp_path: Path):
    (tmp_path / "packed").write_bytes(gzip.compress(b"hello"))
    assert not reads_or_refuses(lambda: content(tmp_path / "packed", 1 << 40), most_bytes=1 << 20)


def test_a_compressed_bomb_is_not_unpacked(tmp_path: Path):
    (tmp_path / "bomb").write_bytes(gzip.compress(bytes(200 << 20), 1))
    assert not reads_or_refuses(lambda: content(tmp_path / "bomb", 100), most_bytes=4 << 20)
    assert not reads_or_refuses(lambda: whole(tmp_path / "bomb", 1 << 20), most_bytes=8 << 20)


@pytest.mark.parametrize("cut", [1, 9, 15, -4])
def test_a_truncated_file_is_damaged(tmp_path: Path, cut: int):
    path = tmp_path / "packed"
    path.write_bytes(gzip.compress(os.urandom(300))[:cut])
    refuses("E503", lambda: content(path, 300))


def test_a_flipped_byte_fails_the_checksum(tmp_path: Path):
    raw = bytearray(gzip.compress(os.urandom(300)))
    raw[100] ^= 1
    (tmp_path / "packed").write_bytes(raw)
    refuses("E503", lambda: content(tmp_path / "packed", 300))

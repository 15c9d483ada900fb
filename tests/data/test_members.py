import gzip
import io
import tarfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from netspec.data.members import read_members
from tests.data.samples import reads_or_refuses, refuses, tar

MEMBERS = {"a.bin": b"one", "b.bin": b"two", "other": b"three"}


def test_folder_and_archive_give_the_same(tmp_path: Path):
    (tmp_path / "all.tar.gz").write_bytes(tar(MEMBERS))
    (tmp_path / "all.tar").write_bytes(gzip.decompress(tar(MEMBERS)))
    for name, content in MEMBERS.items():
        (tmp_path / name).write_bytes(content)
    for place in (tmp_path, tmp_path / "all.tar.gz", tmp_path / "all.tar"):
        assert read_members(place, {"a.bin", "b.bin", "c.bin"}) == {"a.bin": b"one", "b.bin": b"two"}


def test_links_out_of_an_archive_are_not_followed(tmp_path: Path):
    (tmp_path / "secret").write_bytes(b"secret")
    with tarfile.open(tmp_path / "link.tar", "w") as archive:
        info = tarfile.TarInfo("a.bin")
        info.type, info.linkname = tarfile.SYMTYPE, str(tmp_path / "secret")
        archive.addfile(info)
    assert read_members(tmp_path / "link.tar", {"a.bin"}) == {}


def test_a_member_that_announces_terabytes_is_refused(tmp_path: Path):
    buffer = io.BytesIO()
    info = tarfile.TarInfo("a.bin")
    info.size = 1 << 42
    buffer.write(info.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    (tmp_path / "big.tar").write_bytes(buffer.getvalue())
    assert not reads_or_refuses(lambda: read_members(tmp_path / "big.tar", {"a.bin"}))


def test_an_archive_that_is_none_is_refused(tmp_path: Path):
    (tmp_path / "text.tar.gz").write_bytes(gzip.compress(b"no archive at all" * 100))
    refuses("E503", lambda: read_members(tmp_path / "text.tar.gz", {"a.bin"}))
    (tmp_path / "plain.tar").write_bytes(b"no archive at all" * 100)
    refuses("E503", lambda: read_members(tmp_path / "plain.tar", {"a.bin"}))


@settings(max_examples=200)
@given(data=st.data())
def test_a_damaged_archive_is_refused_or_read(tmp_path_factory, data: st.DataObject):
    raw = bytearray(tar(MEMBERS) if data.draw(st.booleans()) else gzip.decompress(tar(MEMBERS))[:2048])
    if data.draw(st.booleans()):
        raw = raw[: data.draw(st.integers(1, len(raw)))]
    for _ in range(data.draw(st.integers(0, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "damaged.tar.gz"
    path.write_bytes(raw)
    reads_or_refuses(lambda: read_members(path, {"a.bin", "b.bin"}))

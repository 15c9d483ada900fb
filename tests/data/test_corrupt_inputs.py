"""The list of corrupt inputs: each ends with its status and a coded message that names the file, and with no traceback.

Every case is a maker, which writes files into a folder and returns the path that the command is given.
"""

import ctypes
import gzip
import os
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.harness import process, refused, run, run_json
from tests.data.samples import idx, labels, pixels, records, tar, write_idx

NET = """net small { input 1x8x8; dense 3 }
data digits
"""
IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
SIDE = 65_536
"""pixels; widths of images beyond what anyone means"""

Maker = Callable[[Path], Path]


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own with a small net in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "small.net").write_text(NET)
    return tmp_path


def pair(folder: Path, images: bytes, numbers: bytes, suffix: str = "") -> Path:
    """A folder with the two files of an IDX training part."""
    folder.mkdir()
    (folder / f"{IMAGES}{suffix}").write_bytes(images)
    (folder / f"{LABELS}{suffix}").write_bytes(numbers)
    return folder


def npz(path: Path, images: np.ndarray, numbers: np.ndarray, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    """An archive of arrays as NumPy writes it, compressed in some way."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, array in (("images", images), ("labels", numbers)):
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, array)
    return path


def claim_compression(path: Path, method: int) -> Path:
    """The archive, said to be compressed by another method."""
    content = bytearray(path.read_bytes())
    for start, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        at = content.find(start)
        while at >= 0:
            content[at + offset : at + offset + 2] = struct.pack("<H", method)
            at = content.find(start, at + 4)
    path.write_bytes(content)
    return path


def photos(folder: Path) -> Path:
    """Two classes of two JPEGs."""
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        for k in range(2):
            Image.new("RGB", (8, 8), (40 * k, 9, 9)).save(folder / name / f"{k}.jpg")
    return folder


def truncated_gzip(work: Path) -> Path:
    packed = gzip.compress(idx(pixels(30, 8, 8)), mtime=0)
    return pair(work / "set", packed[: len(packed) // 2], gzip.compress(idx(labels(30)), mtime=0), ".gz")


def gzip_with_a_flipped_bit(work: Path) -> Path:
    packed = bytearray(gzip.compress(idx(pixels(30, 8, 8)), mtime=0))
    packed[len(packed) // 2] ^= 4
    return pair(work / "set", bytes(packed), gzip.compress(idx(labels(30)), mtime=0), ".gz")


def wrong_magic(work: Path) -> Path:
    return pair(work / "set", b"\x00\x00\x0a\x03" + idx(pixels(30, 8, 8))[4:], idx(labels(30)))


def images_cut_short(work: Path) -> Path:
    return pair(work / "set", idx(pixels(30, 8, 8))[:-1], idx(labels(30)))


def header_of_four_thousand_million_images(work: Path) -> Path:
    return pair(work / "set", b"\x00\x00\x08\x03" + struct.pack(">3I", 2**32 - 1, 28, 28), idx(labels(30)))


def labels_for_images(work: Path) -> Path:
    return pair(work / "set", idx(labels(30)), idx(labels(30)))


def fewer_labels_than_images(work: Path) -> Path:
    return pair(work / "set", idx(pixels(30, 8, 8)), idx(labels(29)))


def negative_label(work: Path) -> Path:
    return pair(work / "set", idx(pixels(30, 8, 8)), idx(np.arange(30, dtype=np.int8) - 1))


def label_of_a_hundred_thousand(work: Path) -> Path:
    return pair(work / "set", idx(pixels(2, 8, 8)), idx(np.array([0, 100_000], np.int32)))


def zero_byte_images(work: Path) -> Path:
    return pair(work / "set", b"", idx(labels(30)))


def zero_byte_labels(work: Path) -> Path:
    return pair(work / "set", idx(pixels(30, 8, 8)), b"")


def zero_byte_file(work: Path) -> Path:
    (work / "a.npz").touch()
    return work / "a.npz"


def wide_idx_images(work: Path) -> Path:
    return pair(work / "set", idx(pixels(3, 1, SIDE)), idx(labels(3)))


def cifar_batch_cut_short(work: Path) -> Path:
    (work / "data_batch_1.bin").write_bytes(records(pixels(4, 3, 32, 32), labels(4))[:-5])
    return work / "data_batch_1.bin"


def archive_cut_short(work: Path) -> Path:
    whole = tar({"data_batch_1.bin": records(pixels(4, 3, 32, 32), labels(4))})
    (work / "cifar.tar.gz").write_bytes(whole[: len(whole) // 2])
    return work / "cifar.tar.gz"


def pickle_that_runs_something(work: Path) -> Path:
    (work / "data_batch_1").write_bytes(b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R.")
    return work / "data_batch_1"


def not_a_number_in_npz(work: Path) -> Path:
    images = np.zeros((3, 8, 8), np.float32)
    images[1, 2, 3] = np.nan
    return npz(work / "a.npz", images, labels(3))


def infinite_pixel_in_npz(work: Path) -> Path:
    return npz(work / "a.npz", np.full((3, 8, 8), 1e300), labels(3))


def fractional_labels_in_npz(work: Path) -> Path:
    return npz(work / "a.npz", pixels(3, 8, 8), np.array([0.5, 1, 2]))


def unsupported_compression(work: Path) -> Path:
    return claim_compression(npz(work / "a.npz", pixels(3, 8, 8), labels(3)), 6)


def unknown_compression(work: Path) -> Path:
    return claim_compression(npz(work / "a.npz", pixels(3, 8, 8), labels(3)), 0x63)


def npz_cut_short(work: Path) -> Path:
    path = npz(work / "a.npz", pixels(30, 8, 8), labels(30))
    path.write_bytes(path.read_bytes()[:-40])
    return path


def npz_with_a_flipped_bit(work: Path) -> Path:
    path = npz(work / "a.npz", pixels(30, 8, 8), labels(30), zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    return path


def encrypted_npz(work: Path) -> Path:
    path = npz(work / "a.npz", pixels(3, 8, 8), labels(3))
    content = bytearray(path.read_bytes())
    for start, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.find(start) + offset] |= 1
    path.write_bytes(content)
    return path


def objects_in_npz(work: Path) -> Path:
    np.savez(work / "a.npz", images=np.array([{}, {}], object), labels=labels(2))
    return work / "a.npz"


def pictures_that_are_all_empty(work: Path) -> Path:
    folder = photos(work / "photos")
    for path in folder.rglob("*.jpg"):
        path.write_bytes(b"")
    return folder


def one_wide_picture(work: Path) -> Path:
    folder = photos(work / "photos")
    Image.new("L", (SIDE, 2)).save(folder / "dog" / "0.png")
    return folder


def a_single_picture(work: Path) -> Path:
    return photos(work / "photos") / "cat" / "0.jpg"


def nothing_known(work: Path) -> Path:
    (work / "notes.txt").write_text("images of cats")
    return work / "notes.txt"


def empty_folder(work: Path) -> Path:
    (work / "empty").mkdir()
    return work / "empty"


def not_there(work: Path) -> Path:
    return work / "none.npz"


CORRUPT: tuple[tuple[Maker, str, str], ...] = (
    (truncated_gzip, "E503", "end too early"),
    (gzip_with_a_flipped_bit, "E503", "is damaged"),
    (wrong_magic, "E504", "00 00 0a 03"),
    (images_cut_short, "E503", "announces 1,936 bytes"),
    (header_of_four_thousand_million_images, "E503", "3,367,254,359,296 bytes are announced"),
    (labels_for_images, "E507", "not a stack of images"),
    (fewer_labels_than_images, "E505", "29 labels"),
    (negative_label, "E506", "label -1"),
    (label_of_a_hundred_thousand, "E506", "label 100000"),
    (zero_byte_images, "E502", "is empty"),
    (zero_byte_labels, "E502", "is empty"),
    (zero_byte_file, "E502", "is empty"),
    (cifar_batch_cut_short, "E504", "in no format"),
    (archive_cut_short, "E503", "is damaged"),
    (pickle_that_runs_something, "E509", "system"),
    (not_a_number_in_npz, "E507", "pixel 0x2x3 of image 1"),
    (infinite_pixel_in_npz, "E507", "not a number"),
    (fractional_labels_in_npz, "E506", "not whole numbers"),
    (unsupported_compression, "E504", "packed in a way"),
    (unknown_compression, "E504", "packed in a way"),
    (npz_cut_short, "E503", "not a whole .npz"),
    (npz_with_a_flipped_bit, "E503", "CRC"),
    (encrypted_npz, "E503", "encrypted"),
    (objects_in_npz, "E507", "plain numbers"),
    (pictures_that_are_all_empty, "E511", "no pictures that can be read"),
    (one_wide_picture, "E510", "2x65536"),
    (a_single_picture, "E504", "single picture"),
    (nothing_known, "E504", "in no format"),
    (empty_folder, "E511", "no folders"),
    (not_there, "E502", "none.npz"),
)


@pytest.mark.parametrize(("make", "code", "said"), CORRUPT, ids=[make.__name__ for make, _, _ in CORRUPT])
def test_what_is_corrupt_is_told_and_nothing_is_written(work: Path, make: Maker, code: str, said: str) -> None:
    place = make(work)
    before = {path for path in work.rglob("*") if "cache" not in path.parts}
    for words in (("data", "show", place), ("train", "small.net", "--data", place, "--run", "one")):
        done = run(*words)
        refused(done, 3, code)
        assert said in done.stderr
        assert place.name in done.stderr
    assert {path for path in work.rglob("*") if "cache" not in path.parts} == before


@pytest.mark.parametrize("make", [wide_idx_images], ids=["wide_idx_images"])
def test_images_that_no_net_here_takes_are_refused_by_size(work: Path, make: Maker) -> None:
    done = run("train", "small.net", "--data", make(work), "--run", "one")
    refused(done, 3, "E513")
    assert "1x1x65536" in done.stderr


def test_labels_beyond_the_outputs_are_refused(work: Path) -> None:
    place = pair(work / "set", idx(pixels(30, 8, 8)), idx(labels(30, 9)))
    refused(run("train", "small.net", "--data", place, "--run", "one"), 3, "E515")


def test_a_label_beyond_the_classes_of_a_published_set_is_refused(work: Path) -> None:
    folder = work / "sets" / "mnist"
    folder.mkdir(parents=True)
    for part in ("train", "t10k"):
        write_idx(folder / f"{part}-images-idx3-ubyte", pixels(12, 28, 28))
        write_idx(folder / f"{part}-labels-idx1-ubyte", labels(12, 11))
    done = run("data", "show", "mnist", "--data-dir", work / "sets")
    refused(done, 3, "E506")
    assert "label 10 of image 10" in done.stderr


def bomb() -> bytes:
    """The first bytes of a PNG of 65,536 x 65,536 pixels."""
    head = b"IHDR" + struct.pack(">2I5B", SIDE, SIDE, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"\0" * 1000)
    chunks = (
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in (head, data)
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


BROKEN_PICTURES: tuple[tuple[str, bytes, str], ...] = (
    ("empty.jpg", b"", "not a picture"),
    ("text.jpg", b"not a picture at all", "not a picture"),
    ("page.gif", b"GIF89a\x08\x00\x08\x00\x00\x00\x00,", "broken"),
    ("bomb.png", bomb(), "too many"),
    ("program.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n", "not a picture"),
)


@pytest.mark.parametrize(("name", "content", "said"), BROKEN_PICTURES, ids=[name for name, _, _ in BROKEN_PICTURES])
def test_a_broken_picture_is_skipped_and_named_or_refused(work: Path, name: str, content: bytes, said: str) -> None:
    folder = photos(work / "photos")
    (folder / "cat" / name).write_bytes(content)
    done = run("data", "show", folder)
    assert done.exit_code == 0
    assert "1 file skipped" in done.stderr
    assert name in done.stderr
    assert said in done.stderr
    strict = run("data", "show", folder, "--strict")
    refused(strict, 3, "E512")
    assert name in strict.stderr


def test_a_gif_among_jpegs_is_a_picture_like_any_other(work: Path) -> None:
    folder = photos(work / "photos")
    frames = [Image.new("P", (8, 8), colour) for colour in (1, 2)]
    frames[0].save(folder / "cat" / "moving.jpg", "GIF", save_all=True, append_images=frames[1:])
    told = run_json("data", "show", folder, "--strict")
    assert told["counts"]["train"] == [3, 2]
    assert told["notices"] == []


def test_a_pipe_is_refused_and_not_waited_for(work: Path) -> None:
    place = pair(work / "set", idx(pixels(30, 8, 8)), idx(labels(30)))
    (place / IMAGES).unlink()
    os.mkfifo(place / IMAGES)
    done = process("data", "show", place)
    assert done.returncode == 3
    assert "error[E502]" in done.stderr
    assert "not an ordinary file" in done.stderr


@contextmanager
def without_privilege() -> Iterator[None]:
    """Root is a user like any other: its thread lacks CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH for the while (see
    capabilities(7)). Its packages stay open to it, wherever they are, as they would not be to another user."""
    if os.geteuid() != 0:
        yield
        return
    if not sys.platform.startswith("linux"):
        pytest.skip("root may read everything here")
    libc = ctypes.CDLL(None, use_errno=True)
    header, sets = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert libc.capget(header, sets) == 0
    effective = sets[0]
    sets[0] &= ~0b110
    assert libc.capset(header, sets) == 0
    try:
        yield
    finally:
        sets[0] = effective
        assert libc.capset(header, sets) == 0


def as_another(*words: object) -> tuple[int, str]:
    """Status and error output of a command run by a user who is not the owner of files in the way, where the tests run
    as root, and else by their owner."""
    with without_privilege():
        done = run(*words)
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return done.exit_code, done.stderr


def close(place: Path) -> None:
    """Takes every permission from a file or a folder, which is another user's where the tests run as root."""
    if os.geteuid() == 0:
        os.chown(place, 65_534, 65_534)
    place.chmod(0)


def test_a_folder_without_permission_is_named(work: Path) -> None:
    folder = photos(work / "photos")
    close(folder / "dog")
    try:
        status, said = as_another("data", "show", folder)
    finally:
        (folder / "dog").chmod(0o755)
    assert (status, "error[E502]" in said) == (3, True), said
    assert "dog` may not be read" in said


def test_the_whole_folder_without_permission_is_named(work: Path) -> None:
    place = pair(work / "set", idx(pixels(30, 8, 8)), idx(labels(30)))
    close(place)
    try:
        status, said = as_another("data", "show", place)
    finally:
        place.chmod(0o755)
    assert (status, "error[E502]" in said) == (3, True), said
    assert "may not be read" in said


def test_a_file_without_permission_is_named(work: Path) -> None:
    path = npz(work / "a.npz", pixels(3, 8, 8), labels(3))
    close(path)
    status, said = as_another("data", "show", path)
    assert (status, "error[E502]" in said) == (3, True), said
    assert "a.npz` may not be read" in said


def test_a_picture_without_permission_is_skipped_and_named(work: Path) -> None:
    folder = photos(work / "photos")
    close(folder / "cat" / "0.jpg")
    status, said = as_another("data", "show", folder, "--strict")
    assert (status, "error[E512]" in said) == (3, True), said
    assert "0.jpg` cannot be used: it may not be read" in said

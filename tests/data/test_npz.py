import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netspec.data.npz import read_npz
from tests.data.samples import labels, pixels, reads_or_refuses, refuses

IMAGES, LABELS = pixels(6, 5, 4), labels(6)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("npz")


def write(folder: Path, *, packed: bool = False, **arrays: object) -> Path:
    path = folder / "a.npz"
    (np.savez_compressed if packed else np.savez)(path, **arrays)
    return path


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("names", [("images", "labels"), ("x", "y"), ("X", "y"), ("data", "target")])
def test_images_and_labels_go_by_the_usual_names(tmp_path: Path, names: tuple[str, str], packed: bool):
    found = read_npz(write(tmp_path, packed=packed, **{names[0]: IMAGES, names[1]: LABELS}))
    np.testing.assert_array_equal(found.train.images[:, 0], IMAGES)
    assert found.train.labels.tolist() == LABELS.tolist()
    assert (found.validation, found.test, found.class_names) == (None, None, None)


def test_arrays_that_were_saved_without_names_are_read(tmp_path: Path):
    np.savez(tmp_path / "a.npz", IMAGES, LABELS)
    assert len(read_npz(tmp_path / "a.npz").train) == 6


@pytest.mark.parametrize("form", ["x_{part}", "{part}_images"])
def test_parts_go_by_a_word_before_or_after(tmp_path: Path, form: str):
    other = form.replace("x", "y").replace("images", "labels")
    arrays = {
        text.format(part=part): array[:count]
        for part, count in (("train", 6), ("val", 3), ("test", 2))
        for text, array in ((form, IMAGES), (other, LABELS))
    }
    found = read_npz(write(tmp_path, **arrays))
    assert found.validation is not None
    assert found.test is not None
    assert (len(found.train), len(found.validation), len(found.test)) == (6, 3, 2)


@pytest.mark.parametrize("dtype", ["uint8", "int16", ">i4", "float16", "float32", ">f8", "bool"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_every_plain_type_and_order_is_read(tmp_path: Path, dtype: str, order: str):
    array = np.arange(60).reshape(3, 4, 5).astype(dtype, order=order)
    found = read_npz(write(tmp_path, images=array, labels=labels(3)))
    np.testing.assert_array_equal(found.train.images[:, 0], array.astype(np.float32))


def test_names_of_classes_are_taken_along(tmp_path: Path):
    for names in (["cat", "dog", "ähre"], [b"cat", b"dog", b"hen"]):
        found = read_npz(write(tmp_path, images=IMAGES, labels=LABELS, class_names=np.array(names)))
        assert found.class_names is not None
        assert found.class_names[:2] == ("cat", "dog")


def test_arrays_of_objects_are_refused(tmp_path: Path):
    objects = np.array([{"a": 1}] * 6, dtype=object)
    refuses("E507", lambda: read_npz(write(tmp_path, images=objects, labels=LABELS)))
    fields = np.zeros(6, [("a", "u1")])
    refuses("E507", lambda: read_npz(write(tmp_path, images=IMAGES, labels=fields)))


def test_other_names_are_told(tmp_path: Path):
    message = refuses("E504", lambda: read_npz(write(tmp_path, pictures=IMAGES, labels=LABELS))).message
    assert "`pictures`, `labels`" in message


def test_images_and_labels_must_be_as_many(tmp_path: Path):
    refuses("E505", lambda: read_npz(write(tmp_path, images=IMAGES, labels=LABELS[:5])))


def npz(header: bytes, numbers: bytes = b"", *, packed: bool = True) -> bytes:
    """A `.npz` file whose array `images` has this header, and good labels."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:
        start = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little")
        archive.writestr("images.npy", start + header + numbers)
        with archive.open("labels.npy", "w") as stream:
            np.save(stream, LABELS)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "header",
    [
        b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000000, 1000000, 1000000), }",
        b"{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999, 9, 9), }",
        b"{'descr': '<U9999', 'fortran_order': False, 'shape': (9, 9), }",
        b"{'descr': '|u1', 'fortran_order': False, 'shape': (, 9,,), }",
        b"{'descr': '|b7', 'fortran_order': False, 'shape': (7,), }",
        b"{'descr': '<f3', 'fortran_order': False, 'shape': (0,), }",
        b"__import__('os').system('true')",
        b"",
    ],
)
def test_headers_that_lie_are_refused_before_memory_is_taken(tmp_path: Path, header: bytes):
    (tmp_path / "a.npz").write_bytes(npz(header, bytes(7)))
    assert not reads_or_refuses(lambda: read_npz(tmp_path / "a.npz"), most_bytes=4 << 20)


def test_a_directory_that_lies_about_sizes_is_refused(tmp_path: Path):
    raw = bytearray(npz(b"{'descr': '|u1', 'fortran_order': False, 'shape': (6, 5, 4), }", IMAGES.tobytes()))
    place = raw.index(b"PK\x01\x02") + 24
    raw[place : place + 4] = (2**32 - 2).to_bytes(4, "little")
    (tmp_path / "a.npz").write_bytes(raw)
    assert not reads_or_refuses(lambda: read_npz(tmp_path / "a.npz"), most_bytes=4 << 20)


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path):
    (tmp_path / "a.npz").write_bytes(b"PK\x03\x04 but no more")
    refuses("E503", lambda: read_npz(tmp_path / "a.npz"))
    refuses("E502", lambda: read_npz(tmp_path))


@settings(max_examples=200)
@given(data=st.data())
def test_a_damaged_file_is_refused_or_read(scratch: Path, data: st.DataObject):
    raw = bytearray(write(scratch, packed=data.draw(st.booleans()), images=IMAGES, labels=LABELS).read_bytes())
    if data.draw(st.booleans()):
        raw = raw[: data.draw(st.integers(1, len(raw)))]
    for _ in range(data.draw(st.integers(0, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    (scratch / "b.npz").write_bytes(raw)
    reads_or_refuses(lambda: read_npz(scratch / "b.npz"))

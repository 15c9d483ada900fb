import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.data import cifar
from tests.data.samples import labels, pixels, reads_or_refuses, records, refuses, tar

IMAGES, LABELS = pixels(4, 3, 32, 32), labels(4)


def test_records_are_read():
    for part in (
        cifar.read_binary10(records(IMAGES, LABELS), "a"),
        cifar.read_binary100(records(IMAGES, LABELS, coarse=True), "a"),
    ):
        np.testing.assert_array_equal(part.images, IMAGES)
        assert part.labels.tolist() == LABELS.tolist()
        assert part.images.dtype == np.uint8
        assert part.labels.dtype == np.int32


def test_the_two_kinds_of_records_are_told_apart():
    for coarse in (False, True):
        part = cifar.read_binary(records(IMAGES, LABELS, coarse=coarse), "a")
        assert part.labels.tolist() == LABELS.tolist()


def test_lengths_that_fit_both_kinds_go_by_the_labels():
    few = pixels(1, 3, 32, 32)
    tens = records(np.repeat(few, 3074, axis=0), labels(3074, 10))
    assert len(cifar.read_binary(tens, "a")) == 3074
    hundreds = records(np.repeat(few, 3073, axis=0), labels(3073, 100), coarse=True)
    assert len(cifar.read_binary(hundreds, "a")) == 3073


@pytest.mark.parametrize("size", [0, 1, 3072, 3075, 2 * 3073 - 1])
def test_a_length_that_is_no_number_of_records_is_refused(size: int):
    refuses("E503", lambda: cifar.read_binary(bytes(size), "a"))


@given(st.integers(0, 3 * 3073), st.binary(max_size=20))
def test_any_bytes_are_records_or_refused(size: int, start: bytes):
    reads_or_refuses(lambda: cifar.read_binary((start + bytes(size))[:size], "a"))


def batch(**changed: object) -> bytes:
    return pickle.dumps({"data": IMAGES.reshape(4, -1), "labels": LABELS.tolist(), **changed}, 2)


def test_python_batches_are_read():
    for raw in (batch(), batch(labels=LABELS)):
        part = cifar.read_python(raw, "a")
        np.testing.assert_array_equal(part.images, IMAGES)
        assert part.labels.tolist() == LABELS.tolist()
    fine = pickle.dumps({"data": IMAGES.reshape(4, -1), "fine_labels": [9, 8, 7, 99], "coarse_labels": [0, 0, 0, 1]}, 2)
    assert cifar.read_python(fine, "a").labels.tolist() == [9, 8, 7, 99]


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("E505", {"labels": [0, 1]}),
        ("E506", {"labels": None}),
        ("E506", {"labels": [0, 1, 2, -1]}),
        ("E506", {"labels": [0, 1, 2, "3"]}),
        ("E506", {"labels": [0, 1, 2, 1 << 70]}),
        ("E506", {"labels": [0.0, 1.0, 2.0, 0.0]}),
        ("E507", {"data": [1, 2]}),
        ("E507", {"data": IMAGES}),
        ("E507", {"data": IMAGES.reshape(4, -1).astype(np.float32)}),
    ],
)
def test_batches_with_other_contents_are_refused(code: str, changed: dict[str, object]):
    refuses(code, lambda: cifar.read_python(batch(**changed), "a"))


def members(kind: cifar.Batches) -> dict[str, bytes]:
    coarse = kind is cifar.BINARY100
    raw = batch() if kind in (cifar.PYTHON10, cifar.PYTHON100) else records(IMAGES, LABELS, coarse=coarse)
    return dict.fromkeys((*kind.train, *kind.test), raw)


@pytest.mark.parametrize("kind", cifar.KINDS, ids=["binary10", "binary100", "python10", "python100"])
def test_archives_and_folders_give_the_same_parts(tmp_path: Path, kind: cifar.Batches):
    archive, folder = tmp_path / "all.tar.gz", tmp_path / "all"
    archive.write_bytes(tar(members(kind)))
    folder.mkdir()
    for name, raw in members(kind).items():
        (folder / name).write_bytes(raw)
    for place in (archive, folder):
        train, test = cifar.read_batches(place, (kind,), whole=True)
        assert len(train) == 4 * len(kind.train)
        assert test is not None
        np.testing.assert_array_equal(test.images, IMAGES)
        np.testing.assert_array_equal(train.images[-4:], IMAGES)


def test_a_published_set_must_be_whole_and_a_user_s_need_not(tmp_path: Path):
    (tmp_path / "data_batch_1.bin").write_bytes(records(IMAGES, LABELS))
    train, test = cifar.read_batches(tmp_path)
    assert len(train) == 4
    assert test is None
    assert "data_batch_2.bin" in refuses("E503", lambda: cifar.read_batches(tmp_path, whole=True)).message


def test_a_place_without_batches_is_refused(tmp_path: Path):
    refuses("E504", lambda: cifar.read_batches(tmp_path))

import os
from pathlib import Path

import numpy as np
import pytest

from netspec.data.cifar import map_binary, read_binary10, read_binary100
from netspec.data.dataset import Part
from netspec.data.files import read_files
from netspec.data.normalize import statistics
from netspec.data.read_options import ReadOptions
from netspec.data.stored import Stored
from netspec.ir.recipe import DataOptions
from tests.data.samples import labels, pixels, records, refuses, write_idx
from tests.data.stores import IMAGES, LABELS, write_idx_set, write_npy_set

IN_FILES = ReadOptions(shape=(3, 8, 8), held_bytes=0)
ROWS = np.array([7, 3, 3, 60])


def read(place: Path, read_options: ReadOptions = IN_FILES) -> Part:
    return read_files(DataOptions(str(place), is_path=True), read_options).train


def stored(part: Part) -> Stored:
    assert isinstance(part.images, Stored)
    return part.images


@pytest.mark.parametrize("write", [write_idx_set, write_npy_set])
def test_bytes_as_they_are_used_are_mapped_and_not_copied(tmp_path: Path, write) -> None:
    images = stored(read(write(tmp_path)))
    assert images.source.array is not None
    assert not images.source.array.flags.owndata
    assert not images.source.array.flags.writeable
    np.testing.assert_array_equal(images.source.array, IMAGES)


@pytest.mark.parametrize("form", [{}, {"last": True}, {"order": "F"}, {"dtype": ">i2"}, {"dtype": "float32"}])
def test_every_form_of_an_array_reads_as_it_does_in_memory(tmp_path: Path, form: dict) -> None:
    place = write_npy_set(tmp_path, **form)
    held, part = read(place, ReadOptions(shape=(3, 8, 8))), read(place)
    assert not isinstance(held.images, Stored)
    images = stored(part)
    assert (images.shape, images.dtype) == (held.images.shape, held.images.dtype)
    np.testing.assert_array_equal(images[:], held.images)
    np.testing.assert_array_equal(images[ROWS], held.images[ROWS])
    np.testing.assert_array_equal(part.labels, held.labels)
    np.testing.assert_array_equal(part.labels, LABELS)


@pytest.mark.parametrize("how", ["standard", "unit", "none"])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_mean_deviation_and_white_are_those_of_memory(tmp_path: Path, how, dtype: str) -> None:
    place = write_npy_set(tmp_path, dtype=dtype)
    found = [
        read_files(DataOptions(str(place), is_path=True), read_options) for read_options in (IN_FILES, ReadOptions())
    ]
    assert found[0].levels == found[1].levels
    assert found[0].levels.white == IMAGES.max() == 255
    one, other = (statistics(collection.train.images, collection.levels, how) for collection in found)
    for mine, wanted in zip(one, other, strict=True):
        np.testing.assert_array_equal(mine, wanted)


def test_what_is_held_is_decided_by_size(tmp_path: Path) -> None:
    place = write_npy_set(tmp_path)
    size_bytes = place.stat().st_size
    assert isinstance(read(place, ReadOptions((3, 8, 8), held_bytes=size_bytes - 1)).images, Stored)
    assert isinstance(read(place, ReadOptions((3, 8, 8), held_bytes=size_bytes)).images, np.ndarray)


def test_picking_reads_nothing_and_counts_from_the_pick_before(tmp_path: Path) -> None:
    part = read(write_npy_set(tmp_path)).pick(np.arange(80, 0, -2)).pick(np.array([0, 2, 5]))
    assert stored(part).rows.tolist() == [80, 76, 70]
    np.testing.assert_array_equal(stored(part)[:], IMAGES[[80, 76, 70]])
    np.testing.assert_array_equal(part.labels, LABELS[[80, 76, 70]])


@pytest.mark.parametrize(("coarse", "reference"), [(False, read_binary10), (True, read_binary100)])
def test_cifar_records_are_mapped_without_their_labels(tmp_path: Path, coarse: bool, reference) -> None:
    content = records(pixels(7, 3, 32, 32), labels(7, 7) + 20 * coarse, coarse)
    (tmp_path / "a.bin").write_bytes(content)
    part = read(tmp_path / "a.bin", ReadOptions(held_bytes=0))
    wanted = reference(content, "a.bin")
    array = stored(part).source.array
    assert array is not None
    assert array.strides[0] == 3073 + coarse
    np.testing.assert_array_equal(array, wanted.images)
    np.testing.assert_array_equal(part.labels, wanted.labels)


def test_cifar_records_that_could_be_either_kind_are_told_apart_by_their_labels(tmp_path: Path) -> None:
    images = pixels(3074, 3, 32, 32)
    (tmp_path / "a.bin").write_bytes(records(images, labels(3074, 10)))
    part = map_binary(tmp_path / "a.bin", ReadOptions())
    assert len(part) == 3074
    assert part.labels[:11].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0]


@pytest.mark.parametrize("coarse", [False, True])
def test_batches_of_cifar_in_a_folder_are_mapped_where_a_part_of_them_is_too_large(
    tmp_path: Path, coarse: bool
) -> None:
    names = (("train.bin",), "test.bin") if coarse else (("data_batch_2.bin", "data_batch_4.bin"), "test_batch.bin")
    images = pixels(21, 3, 32, 32)
    for number, name in enumerate((*names[0], names[1])):
        some = slice(7 * number, 7 * number + 7 if name != names[1] else 7 * number + 3)
        (tmp_path / name).write_bytes(records(images[some], labels(21, 10)[some], coarse))
    held, mapped = (
        read_files(DataOptions(str(tmp_path), is_path=True), ReadOptions(held_bytes=size_bytes))
        for size_bytes in (1 << 30, 4 * 3074)
    )
    assert isinstance(mapped.test, Part)
    assert isinstance(mapped.test.images, np.ndarray)
    assert (stored(mapped.train).source.array is None) == (len(names[0]) > 1)
    rows = np.array([6, 0, 3, 6]) if coarse else np.array([13, 0, 7, 6, 13])
    np.testing.assert_array_equal(stored(mapped.train)[:], held.train.images[:])
    np.testing.assert_array_equal(stored(mapped.train)[rows], held.train.images[rows])
    np.testing.assert_array_equal(mapped.train.labels, held.train.labels)


def test_a_batch_that_breaks_off_is_named_mapped_or_held(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"data_batch_{number}.bin").write_bytes(records(pixels(5, 3, 32, 32), labels(5)))
    os.truncate(tmp_path / "data_batch_2.bin", 5 * 3073 - 1)
    for held_bytes in (0, 1 << 30):
        refused = refuses("E503", lambda held_bytes=held_bytes: read(tmp_path, ReadOptions(held_bytes=held_bytes)))
        assert "data_batch_2.bin" in refused.message


def test_a_batch_that_changes_while_it_is_mapped_is_told(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"data_batch_{number}.bin").write_bytes(records(pixels(5, 3, 32, 32), labels(5)))
    images = stored(read(tmp_path, ReadOptions(held_bytes=0)))
    os.truncate(tmp_path / "data_batch_2.bin", 3073)
    assert "data_batch_2.bin" in refuses("E530", lambda: images[np.array([9])]).message
    assert "data_batch_2.bin" in refuses("E530", images.source.check).message


def test_a_value_that_is_not_finite_is_found_in_files_too(tmp_path: Path) -> None:
    array = IMAGES.astype(np.float64)
    array[41, 1, 2, 3] = 1e300
    np.save(tmp_path / "b-images.npy", array)
    np.save(tmp_path / "b-labels.npy", LABELS)
    message = refuses("E507", lambda: read(tmp_path / "b-images.npy")).message
    assert "pixel 1x2x3 of image 41" in message


@pytest.mark.parametrize("size_bytes", [-1, 1])
def test_a_file_of_another_size_than_it_announces_is_refused(tmp_path: Path, size_bytes: int) -> None:
    place = write_idx_set(tmp_path)
    content = place.read_bytes()
    place.write_bytes(content[:-1] if size_bytes < 0 else content + b"0")
    refuses("E503", lambda: read(place))


def test_what_is_packed_is_held_however_large(tmp_path: Path) -> None:
    write_idx(tmp_path / "a-images.gz", IMAGES)
    write_idx(tmp_path / "a-labels.gz", LABELS)
    assert isinstance(read(tmp_path / "a-images.gz").images, np.ndarray)


def test_a_file_that_changes_while_it_is_mapped_is_told(tmp_path: Path) -> None:
    place = write_npy_set(tmp_path)
    source = stored(read(place)).source
    source.check()
    os.truncate(place, place.stat().st_size - 1)
    assert "was changed while" in refuses("E530", source.check).message


def test_a_file_that_is_removed_or_replaced_is_still_there(tmp_path: Path) -> None:
    place = write_npy_set(tmp_path)
    images = stored(read(place))
    place.unlink()
    images.source.check()
    place.write_bytes(b"another")
    images.source.check()
    np.testing.assert_array_equal(images[ROWS], IMAGES[ROWS])

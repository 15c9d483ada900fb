import gzip
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netspec.data import files as module
from netspec.data.files import format_of, read_files
from netspec.data.levels import Levels
from netspec.data.read_options import ReadOptions
from netspec.ir.recipe import DataOptions
from tests.data.samples import idx, labels, pixels, records, refuses, tar, write_idx, write_mnist


def read(place: Path, **options: object):
    return read_files(DataOptions(str(place), is_path=True, **options), ReadOptions())


def test_the_format_is_told_by_what_a_file_holds(tmp_path: Path):
    write_idx(tmp_path / "images.gz", pixels(2, 3, 3))
    np.savez(tmp_path / "arrays", images=pixels(2, 3, 3), labels=labels(2))
    (tmp_path / "batch.bin").write_bytes(records(pixels(2, 3, 32, 32), labels(2)))
    (tmp_path / "no_ending").write_bytes(records(pixels(2, 3, 32, 32), labels(2)))
    (tmp_path / "batch").write_bytes(pickle.dumps({}, 2))
    (tmp_path / "all.tar.gz").write_bytes(tar({}))
    expected = {"images.gz": "idx", "arrays.npz": "npz", "batch.bin": "cifar", "no_ending": "cifar", "batch": "cifar"}
    for name, kind in {**expected, "all.tar.gz": "cifar"}.items():
        assert format_of(tmp_path / name) == kind


def test_the_format_of_a_folder_is_told_by_its_files(tmp_path: Path):
    assert format_of(write_mnist(tmp_path / "a")) == "idx"
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "data_batch_1.bin").write_bytes(bytes(3073))
    assert format_of(tmp_path / "b") == "cifar"
    (tmp_path / "c" / "train").mkdir(parents=True)
    assert format_of(tmp_path / "c") == "folder"


def test_a_foreign_file_is_refused(tmp_path: Path):
    (tmp_path / "a.csv").write_text("1,2,3\n")
    assert "31 2c 32" in refuses("E504", lambda: format_of(tmp_path / "a.csv")).message
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    assert "single picture" in refuses("E504", lambda: format_of(tmp_path / "a.png")).message
    refuses("E502", lambda: format_of(tmp_path / "none"))
    refuses("E504", lambda: read(tmp_path / "a.csv", format="hdf5"))


def test_idx_files_with_labels_and_a_test_part(tmp_path: Path):
    images, numbers = pixels(12, 4, 5), labels(12)
    paths = {
        "labels": write_idx(tmp_path / "b", numbers),
        "test": write_idx(tmp_path / "c.gz", images[:6]),
        "test_labels": write_idx(tmp_path / "d.gz", numbers[:6]),
    }
    found = read(write_idx(tmp_path / "a.gz", images), **{name: str(path) for name, path in paths.items()})
    np.testing.assert_array_equal(found.train.images[:, 0], images)
    assert found.test is not None
    assert len(found.test) == 6
    assert found.class_names == ("0", "1", "2")
    assert found.levels == Levels()


@pytest.mark.parametrize(
    ("images", "other"),
    [("my-images.gz", "my-labels.gz"), ("images", "labels"), ("a-images-idx3-ubyte.gz", "a-labels-idx1-ubyte")],
)
def test_labels_beside_the_images_are_found_by_their_name(tmp_path: Path, images: str, other: str):
    write_idx(tmp_path / other, labels(3))
    assert len(read(write_idx(tmp_path / images, pixels(3, 2, 2))).train) == 3


def test_images_without_labels_are_refused(tmp_path: Path):
    error = refuses("E520", lambda: read(write_idx(tmp_path / "a.gz", pixels(3, 2, 2))))
    assert 'labels="…"' in error.helps[0]


def test_a_folder_in_the_layout_of_mnist_is_read(tmp_path: Path):
    found = read(write_mnist(tmp_path / "a", suffix="", size=5))
    assert (len(found.train), found.train.images.shape[1:]) == (30, (1, 5, 5))
    assert found.test is not None
    (tmp_path / "a" / "t10k-labels-idx1-ubyte").unlink()
    refuses("E502", lambda: read(tmp_path / "a"))


def write_prefixed(folder: Path, prefix: str, test: str = "test", suffix: str = ".gz", count: int = 12) -> Path:
    """A set under MNIST's names behind a prefix, as EMNIST comes."""
    folder.mkdir(exist_ok=True)
    for part, number in (("train", count), (test, count // 3)):
        write_idx(folder / f"{prefix}{part}-images-idx3-ubyte{suffix}", pixels(number, 5, 5))
        write_idx(folder / f"{prefix}{part}-labels-idx1-ubyte{suffix}", labels(number))
    return folder


@pytest.mark.parametrize("prefix", ["emnist-letters-", "my_", "a.b ", "images-idx3-", ""])
@pytest.mark.parametrize("test", ["test", "t10k"])
@pytest.mark.parametrize("suffix", [".gz", ""])
def test_a_set_behind_a_prefix_is_found_with_its_test_part(tmp_path: Path, prefix: str, test: str, suffix: str):
    folder = write_prefixed(tmp_path / "a", prefix, test, suffix)
    (folder / f"{prefix}mapping.txt").write_text("1 65 97\n")
    assert format_of(folder) == "idx"
    found = read(folder)
    assert found.test is not None
    assert (len(found.train), len(found.test)) == (12, 4)
    alone = read(folder / f"{prefix}train-images-idx3-ubyte{suffix}")
    np.testing.assert_array_equal(alone.train.images, found.train.images)


def test_the_names_of_mnist_come_before_prefixed_ones(tmp_path: Path):
    write_prefixed(tmp_path / "a", "emnist-letters-", count=9)
    found = read(write_prefixed(tmp_path / "a", "", "t10k"))
    assert len(found.train) == 12
    names = "`train-images-idx3-ubyte.gz` are read; left alone: `emnist-letters-train-images-idx3-ubyte.gz`"
    assert found.notices == (f"of the IDX files in `{tmp_path / 'a'}` those of {names}",)


def test_a_set_alone_in_its_folder_is_read_without_a_remark(tmp_path: Path):
    for prefix in ("", "my-"):
        assert read(write_prefixed(tmp_path / f"a{prefix}", prefix)).notices == ()


def test_arrays_of_a_file_that_are_left_alone_are_told(tmp_path: Path):
    arrays = {"x_train": pixels(6, 4, 4), "y_train": labels(6), "x": pixels(3, 4, 4), "y": labels(3)}
    np.savez(tmp_path / "a.npz", **arrays)
    found = read(tmp_path / "a.npz")
    assert len(found.train) == 6
    said = f"`{tmp_path / 'a.npz'}` is read by its parts, `x_train` and `y_train` to train on; left alone: `x` and `y`"
    assert found.notices == (said,)


def test_several_sets_in_a_folder_are_refused_with_a_file_to_name(tmp_path: Path):
    for name in ("balanced", "digits", "letters", "mnist"):
        write_prefixed(tmp_path / "a", f"emnist-{name}-")
    error = refuses("E555", lambda: read(tmp_path / "a"))
    assert "4 sets" in error.message
    assert "`emnist-digits-train-images-idx3-ubyte.gz`" in error.notes[0]
    images, test = (tmp_path / "a" / f"emnist-balanced-{part}-images-idx3-ubyte.gz" for part in ("train", "test"))
    assert error.helps == (f'name the images of one: `data "{images}" test="{test}"`',)
    assert len(read(images, test=str(test)).train) == 12


@pytest.mark.parametrize("kind", ["idx", "npz"])
def test_another_test_part_takes_the_place_of_the_one_that_is_there_and_that_is_told(tmp_path: Path, kind: str):
    whole, other = tmp_path / "a", tmp_path / "other"
    if kind == "idx":
        write_prefixed(whole, "", "t10k")
        write_prefixed(other, "", "t10k")
        test = other / "t10k-images-idx3-ubyte.gz"
    else:
        whole, test = tmp_path / "a.npz", tmp_path / "other.npz"
        np.savez(whole, x_train=pixels(12, 4, 4), y_train=labels(12), x_test=pixels(6, 4, 4), y_test=labels(6))
        np.savez(test, x=pixels(3, 4, 4), y=labels(3))
    found = read(whole, test=str(test))
    assert found.test is not None
    assert found.notices == (f"the test part in `{whole}` is left alone: `{test}` is the test part",)
    assert read(whole).notices == ()
    if kind == "idx":
        assert read(whole, test=str(whole / "t10k-images-idx3-ubyte.gz")).notices == ()


@pytest.mark.parametrize("kind", ["idx", "npz"])
def test_another_test_part_that_is_a_loop_of_links_is_refused(tmp_path: Path, kind: str):
    (tmp_path / "loop").symlink_to("loop")
    whole = tmp_path / "a"
    if kind == "idx":
        write_prefixed(whole, "", "t10k")
    else:
        whole = tmp_path / "a.npz"
        np.savez(whole, x_train=pixels(12, 4, 4), y_train=labels(12), x_test=pixels(6, 4, 4), y_test=labels(6))
    options = {"test_labels": str(tmp_path / "loop")} if kind == "idx" else {}
    refuses("E502", lambda: read(whole, test=str(tmp_path / "loop"), **options))


def test_a_test_part_that_is_there_twice_is_refused(tmp_path: Path):
    write_prefixed(tmp_path / "a", "my-", "test")
    write_prefixed(tmp_path / "a", "my-", "t10k")
    message = refuses("E553", lambda: read(tmp_path / "a")).message
    assert "my-test-images-idx3-ubyte.gz" in message
    assert "my-t10k-images-idx3-ubyte.gz" in message


@pytest.mark.parametrize("kind", ["idx", "npy", "npz"])
def test_a_folder_of_files_in_another_layout_is_refused_with_the_file_to_name(tmp_path: Path, kind: str):
    if kind == "npz":
        np.savez(tmp_path / "images", images=pixels(3, 4, 4), labels=labels(3))
    elif kind == "npy":
        np.save(tmp_path / "images.npy", pixels(3, 4, 4))
        np.save(tmp_path / "labels.npy", labels(3))
    else:
        write_idx(tmp_path / "images.idx", pixels(3, 4, 4))
        write_idx(tmp_path / "labels.idx", labels(3))
    (tmp_path / "README").write_text("hello")
    error = refuses("E504", lambda: read(tmp_path))
    assert error.helps == (f'name the file: `data "{tmp_path / f"images.{kind}"}"`',)
    assert len(read(tmp_path / f"images.{kind}").train) == 3
    if kind == "idx":
        assert refuses("E504", lambda: read(tmp_path, format="idx")).helps == error.helps


def test_cifar_files_are_read(tmp_path: Path):
    images, numbers = pixels(3, 3, 32, 32), labels(3)
    (tmp_path / "a.bin").write_bytes(records(images, numbers))
    (tmp_path / "b.bin.gz").write_bytes(gzip.compress(records(images, numbers)))
    (tmp_path / "c").write_bytes(pickle.dumps({"data": images.reshape(3, -1), "labels": numbers.tolist()}))
    (tmp_path / "d.tgz").write_bytes(tar({"train.bin": records(images, numbers, coarse=True)}))
    for name in ("a.bin", "b.bin.gz", "c", "d.tgz"):
        found = read(tmp_path / name, format="cifar", test=str(tmp_path / "a.bin"))
        np.testing.assert_array_equal(found.train.images, images)
        assert found.test is not None
        assert found.test.labels.tolist() == numbers.tolist()


def test_npz_files_are_read_with_their_names(tmp_path: Path):
    for name, count in (("a", 6), ("b", 3)):
        np.savez(tmp_path / name, images=pixels(count, 4, 4), labels=labels(count), class_names=["x", "y", "z"])
    found = read(tmp_path / "a.npz", test=str(tmp_path / "b.npz"))
    assert found.class_names == ("x", "y", "z")
    assert found.test is not None
    assert len(found.test) == 3


def test_a_label_without_a_name_is_refused(tmp_path: Path):
    np.savez(tmp_path / "a", images=pixels(6, 4, 4), labels=labels(6), class_names=["x", "y"])
    refuses("E506", lambda: read(tmp_path / "a.npz"))


def test_parts_must_agree_in_shape_and_type(tmp_path: Path):
    train, numbers = write_idx(tmp_path / "a-images", pixels(3, 4, 4)), write_idx(tmp_path / "a-labels", labels(3))
    for other in (pixels(3, 4, 5), pixels(3, 4, 4).astype(np.float32)):
        test = write_idx(tmp_path / "b", other)
        refuses("E510", lambda test=test: read(train, test=str(test), test_labels=str(numbers)))


def test_labels_for_a_format_that_has_its_own_are_refused(tmp_path: Path):
    np.savez(tmp_path / "a", images=pixels(2, 4, 4), labels=labels(2))
    refuses("E520", lambda: read(tmp_path / "a.npz", labels="x"))


def test_the_net_settles_the_order_of_axes(tmp_path: Path):
    (tmp_path / "a-images").write_bytes(idx(pixels(2, 3, 5, 3)))
    write_idx(tmp_path / "a-labels", labels(2))
    found = read_files(DataOptions(str(tmp_path / "a-images"), is_path=True), ReadOptions(shape=(3, 3, 5)))
    assert found.train.images.shape == (2, 3, 3, 5)
    assert read(tmp_path / "a-images").train.images.shape == (2, 3, 5, 3)
    assert read(tmp_path / "a-images", axes="nhwc").train.images.shape == (2, 3, 3, 5)


def test_axes_are_for_arrays(tmp_path: Path):
    (tmp_path / "a.bin").write_bytes(records(pixels(5, 3, 32, 32), labels(5)))
    refuses("E560", lambda: read(tmp_path / "a.bin", axes="nchw"))


def test_records_of_any_size_that_may_be_held_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "LARGEST_MEMBER_BYTES", 1 << 12)
    (tmp_path / "a.bin").write_bytes(records(pixels(5, 3, 32, 32), labels(5)))
    assert isinstance(read(tmp_path / "a.bin").train.images, np.ndarray)


def test_classes_of_npz_files_are_matched_by_name(tmp_path: Path):
    np.savez(tmp_path / "a", images=pixels(6, 4, 4), labels=labels(6), class_names=["x", "y", "z"])
    np.savez(tmp_path / "b", images=pixels(3, 4, 4), labels=labels(3), class_names=["z", "x", "y"])
    found = read(tmp_path / "a.npz", test=str(tmp_path / "b.npz"))
    assert found.test is not None
    assert found.test.labels.tolist() == [2, 0, 1]
    np.savez(tmp_path / "b", images=pixels(3, 4, 4), labels=labels(3), class_names=["z", "x", "w"])
    error = refuses("E511", lambda: read(tmp_path / "a.npz", test=str(tmp_path / "b.npz")))
    assert "b.npz` has a class `w`" in error.message


def test_files_tell_whether_their_classes_have_names(tmp_path: Path):
    np.savez(tmp_path / "a", images=pixels(6, 4, 4), labels=labels(6), class_names=["x", "y", "z"])
    np.savez(tmp_path / "b", images=pixels(6, 4, 4), labels=labels(6))
    assert not read(tmp_path / "a.npz").numbered
    assert read(tmp_path / "b.npz").numbered
    train, numbers = write_idx(tmp_path / "c-images", pixels(3, 4, 4)), write_idx(tmp_path / "c-labels", labels(3))
    assert read(train, labels=str(numbers)).numbered


def test_labels_from_one_of_classes_with_names_are_told_as_such(tmp_path: Path):
    np.savez(tmp_path / "a", images=pixels(6, 4, 4), labels=labels(6) + 1, class_names=["x", "y", "z"])
    error = refuses("E506", lambda: read(tmp_path / "a.npz"))
    assert error.notes == ("the labels begin at 1, and classes are counted from 0",)
    assert error.helps == ("subtract 1 from every label before saving",)

import gzip
import pickle
from pathlib import Path

import numpy as np
import pytest

from netspec.data.builtin import read_published
from netspec.data.places import Places
from netspec.data.published import PUBLISHED
from tests.data.samples import (
    cifar_archive,
    datasets,
    labels,
    pixels,
    records,
    refuses,
    tar,
    write_idx,
    write_mnist,
)


def read(name: str, root: Path):
    return read_published(PUBLISHED[name], Places(root, None, root / "none", root / "none"))


def test_mnist_is_read_whole():
    mnist = read("mnist", datasets())
    assert mnist.train.images.shape == (60_000, 1, 28, 28)
    assert mnist.test is not None
    assert mnist.test.images.shape == (10_000, 1, 28, 28)
    assert mnist.train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert mnist.class_names == tuple("0123456789")


def test_cifar_10_is_read_whole_out_of_its_archive():
    cifar_archive()
    cifar = read("cifar10", datasets())
    assert cifar.train.images.shape == (50_000, 3, 32, 32)
    assert cifar.test is not None
    assert np.bincount(cifar.train.labels).tolist() == [5000] * 10
    assert np.bincount(cifar.test.labels).tolist() == [1000] * 10
    assert cifar.class_names[cifar.train.labels[0]] == "frog"
    np.testing.assert_allclose(cifar.train.images.mean(axis=(0, 2, 3)) / 255, [0.49140, 0.48216, 0.44653], atol=1e-5)


def test_fashion_mnist_is_read_from_the_place_of_debian(tmp_path: Path):
    write_mnist(tmp_path / "fashion-mnist")
    found = read_published(PUBLISHED["fashion_mnist"], Places(None, None, tmp_path / "none", tmp_path))
    assert found.class_names[9] == "ankle boot"
    assert len(found.train) == 30


@pytest.mark.parametrize("name", ["cifar-100-binary.tar.gz", "cifar-100-python.tar.gz"])
def test_cifar_100_has_fine_labels(tmp_path: Path, name: str):
    images, numbers = pixels(4, 3, 32, 32), np.array([0, 99, 50, 3], np.uint8)
    if "binary" in name:
        members = dict.fromkeys(("train.bin", "test.bin"), records(images, numbers, coarse=True))
    else:
        batch = {"data": images.reshape(4, -1), "fine_labels": numbers.tolist(), "coarse_labels": [0] * 4}
        members = dict.fromkeys(("train", "test"), pickle.dumps(batch, 2))
    (tmp_path / "cifar100").mkdir()
    (tmp_path / "cifar100" / name).write_bytes(tar(members))
    found = read("cifar100", tmp_path)
    assert found.train.labels.tolist() == [0, 99, 50, 3]
    np.testing.assert_array_equal(found.train.images, images)


def test_a_truncated_file_is_an_error_even_if_another_place_has_the_set(tmp_path: Path):
    broken = write_mnist(tmp_path / "a" / "mnist") / "train-images-idx3-ubyte.gz"
    write_mnist(tmp_path / "b" / "mnist")
    broken.write_bytes(broken.read_bytes()[:2000])
    error = refuses("E503", lambda: read_published(PUBLISHED["mnist"], Places(tmp_path / "a", tmp_path / "b")))
    assert str(broken) in error.message


def test_images_of_another_shape_are_not_mnist(tmp_path: Path):
    write_mnist(tmp_path / "mnist", size=27)
    assert "27x27" in refuses("E504", lambda: read("mnist", tmp_path)).message


def test_labels_beyond_the_classes_are_refused(tmp_path: Path):
    folder = write_mnist(tmp_path / "mnist")
    write_idx(folder / "t10k-labels-idx1-ubyte.gz", labels(10) + 9)
    assert "label 10" in refuses("E506", lambda: read("mnist", tmp_path)).message


def test_labels_and_images_of_a_part_must_be_as_many(tmp_path: Path):
    folder = write_mnist(tmp_path / "mnist")
    raw = (folder / "t10k-labels-idx1-ubyte.gz").read_bytes()
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(raw)
    refuses("E505", lambda: read("mnist", tmp_path))


def test_an_archive_that_lacks_a_batch_is_refused(tmp_path: Path):
    members = {f"data_batch_{k}.bin": records(pixels(1, 3, 32, 32), labels(1)) for k in range(1, 6)}
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(tar(members))
    assert "test_batch.bin" in refuses("E503", lambda: read("cifar10", tmp_path)).message
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(gzip.compress(b"")[:10])
    refuses("E503", lambda: read("cifar10", tmp_path))

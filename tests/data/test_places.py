from pathlib import Path

import pytest

from netspec.data.places import DEBIAN, Places, default_cache, find, locate
from netspec.data.published import PUBLISHED
from tests.data.samples import refuses, write_mnist

MNIST, FASHION, CIFAR10 = (PUBLISHED[name] for name in ("mnist", "fashion_mnist", "cifar10"))


def places(root: Path) -> Places:
    return Places(root / "data", root / "shared", root / "cache", root / "system")


def test_the_first_place_that_has_all_files_wins(tmp_path: Path):
    for name in ("system", "cache", "shared", "data"):
        write_mnist(tmp_path / name / "mnist")
        assert find(MNIST, places(tmp_path)) == tmp_path / name / "mnist"


def test_a_place_with_a_part_of_the_files_is_passed_over_and_told(tmp_path: Path):
    write_mnist(tmp_path / "data" / "mnist")
    (tmp_path / "data" / "mnist" / "t10k-labels-idx1-ubyte.gz").unlink()
    error = refuses("E501", lambda: locate(MNIST, places(tmp_path)))
    assert error.notes[0].endswith("t10k-labels-idx1-ubyte.gz missing")
    write_mnist(tmp_path / "cache" / "mnist", suffix="")
    assert locate(MNIST, places(tmp_path)) == tmp_path / "cache" / "mnist"


def test_a_set_that_is_nowhere_tells_what_to_put_where(tmp_path: Path):
    error = refuses("E501", lambda: locate(MNIST, places(tmp_path)))
    assert all(str(tmp_path / name) in error.notes[-1] for name in ("data", "shared", "cache", "system"))
    assert f"`netspec data fetch mnist` downloads it to `{tmp_path / 'data' / 'mnist'}`" in error.helps[0]
    assert all(file.name in error.helps[1] for file in MNIST.files)


def test_mnist_is_not_taken_for_fashion_mnist(tmp_path: Path):
    write_mnist(tmp_path / "data" / "mnist")
    write_mnist(tmp_path / "data")
    assert find(FASHION, places(tmp_path)) is None


def test_fashion_mnist_is_found_where_debian_puts_it(tmp_path: Path):
    assert Places().roots[-1] == DEBIAN == Path("/usr/share/datasets")
    write_mnist(tmp_path / "system" / "fashion-mnist")
    assert find(FASHION, places(tmp_path)) == tmp_path / "system" / "fashion-mnist"


@pytest.mark.parametrize("folder", ["cifar10", "cifar-10", ""])
@pytest.mark.parametrize("name", ["cifar-10-batches-bin", "cifar-10-binary.tar.gz", "cifar-10-python.tar.gz"])
def test_cifar_is_found_extracted_and_in_its_archives(tmp_path: Path, folder: str, name: str):
    target = tmp_path / "shared" / folder / name
    target.mkdir(parents=True)
    assert find(CIFAR10, places(tmp_path)) == target


def test_batches_may_lie_in_the_folder_itself(tmp_path: Path):
    (tmp_path / "data" / "cifar10").mkdir(parents=True)
    (tmp_path / "data" / "cifar10" / "data_batch_1.bin").touch()
    assert find(CIFAR10, places(tmp_path)) == tmp_path / "data" / "cifar10"


def test_downloads_go_to_the_folder_named_or_else_to_the_cache(tmp_path: Path):
    assert places(tmp_path).download == tmp_path / "data"
    assert Places(None, tmp_path / "shared", tmp_path / "cache").download == tmp_path / "cache"
    assert Places().download == default_cache()
    assert default_cache().parts[-2:] == ("netspec", "datasets")

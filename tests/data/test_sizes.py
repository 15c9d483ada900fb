"""Sizes that are told are those of what is read."""

import numpy as np
import pytest

from netspec.data.load import load
from netspec.data.sizes import training_images
from netspec.ir.known_data import known
from netspec.ir.recipe import DataOptions
from tests.data.samples import datasets

READ = [
    DataOptions("digits"),
    DataOptions("digits", classes=(3, 8), validate=0.25),
    DataOptions("digits", take=100, validate=0.1),
    DataOptions("spirals"),
    DataOptions("circles", classes=(1, 0), extra={"count": 7}),
    DataOptions("shapes", classes=(0, 2), validate=0.2, extra={"count": 50}),
    DataOptions("mnist", classes=(0, 1)),
    DataOptions("mnist", take=1000, validate=0.2),
    DataOptions("cifar10", classes=(2, 3, 5), validate=0.1),
]


@pytest.mark.parametrize("options", READ, ids=lambda options: options.source)
def test_a_set_that_is_known_by_name_holds_what_is_told(options: DataOptions) -> None:
    assert training_images(options) == len(load(options, data_dir=datasets()).train.labels)


@pytest.mark.parametrize("name", ["digits", "mnist", "cifar10", "shapes"])
def test_each_class_has_as_many_images_as_is_told(name: str) -> None:
    options = DataOptions(name)
    labels = load(options, data_dir=datasets()).train.labels
    whole = known(options, None)
    assert whole is not None
    assert whole.counts == tuple(np.bincount(labels).tolist())


@pytest.mark.parametrize(("name", "images"), [("fashion_mnist", 60_000), ("cifar100", 50_000)])
def test_published_totals_are_sums_of_classes(name: str, images: int) -> None:
    assert training_images(DataOptions(name)) == images


def test_files_have_to_be_read() -> None:
    assert training_images(DataOptions("digits.npz", is_path=True)) is None

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from netspec.data.dataset import Collection, Dataset, Part
from netspec.data.fit import check_fit, fitted
from netspec.data.levels import Levels
from tests.data.samples import pixels, refuses


def collection(*shape: int) -> Collection:
    part = Part(pixels(4, *shape), np.zeros(4, np.int32))
    return Collection("", ("a",), Levels(), part, test=part)


def test_images_that_fit_are_passed_on():
    whole = collection(3, 8, 6)
    assert fitted(whole, (3, 8, 6)) is whole
    assert fitted(whole, None) is whole


def test_points_fit_a_flat_input_and_one_of_two_channels():
    points = collection(2, 1, 1)
    assert fitted(points, (2,)) is points
    assert fitted(points, (2, 1, 1)) is points


def test_rows_of_numbers_are_laid_out_as_the_net_s_images():
    rows = collection(48, 1, 1)
    found = fitted(rows, (3, 4, 4))
    assert found.train.images.shape == (4, 3, 4, 4)
    assert found.test is not None
    assert found.test.images.shape == (4, 3, 4, 4)
    assert (found.train.images.reshape(4, 48) == rows.train.images.reshape(4, 48)).all()
    assert fitted(rows, (48,)) is rows


def test_another_size_names_both_and_the_repairs():
    error = refuses("E513", lambda: fitted(collection(1, 28, 28), (1, 32, 32)))
    assert error.message == "the images are 1x28x28, the net takes 1x32x32"
    assert error.helps == ("write `input 1x28x28` in the net", "or `resize=32x32` in the `data` line")
    assert "crop 24x24" in refuses("E513", lambda: fitted(collection(1, 28, 28), (1, 24, 24))).helps[-1]


def test_a_parameter_of_the_net_that_is_a_side_is_proposed_first():
    def refused(*arguments: tuple[str, int | float]) -> str:
        return refuses("E513", lambda: fitted(collection(1, 28, 28), (1, 32, 32), None, arguments)).helps[0]

    assert refused(("D", 32), ("K", 5)) == "set the net's parameter with `--with D=28`"
    assert refused(("H", 32), ("W", 32)) == "set the net's parameter with `--with H=28 --with W=28`"
    assert refused(("K", 5)) == "write `input 1x28x28` in the net"


def test_other_channels_name_both():
    error = refuses("E514", lambda: fitted(collection(1, 28, 28), (3, 28, 28)))
    assert error.message == "the images are 1x28x28, the net takes 3x28x28"
    assert error.helps == ("write `input 1x28x28` in the net",)


def test_a_flat_input_for_images_tells_that_dense_flattens():
    error = refuses("E514", lambda: fitted(collection(1, 28, 28), (784,)))
    assert error.helps == ("write `input 1x28x28`: `dense` flattens its input by itself",)
    refuses("E514", lambda: fitted(collection(5, 1, 1), (4,)))


@pytest.mark.parametrize(
    ("size", "pad", "fits"), [(28, 0, True), (24, 0, True), (23, 0, False), (20, 2, True), (19, 2, False)]
)
def test_a_crop_takes_images_that_are_as_large_with_its_pad(size: int, pad: int, fits: bool):
    if fits:
        assert fitted(collection(1, size, size), (1, 24, 24), pad) is not None
    else:
        error = refuses("E513", lambda: fitted(collection(1, size, size), (1, 24, 24), pad))
        assert f"crop of pad {pad}" in error.message


def dataset(classes: int) -> Dataset:
    part = Part(pixels(classes, 1, 2, 2), np.arange(classes, dtype=np.int32))
    ones = np.ones(1, np.float32)
    return Dataset(part, None, None, tuple(map(str, range(classes))), ones, ones, Levels(), "", ())


def graph(outputs: int) -> Any:
    return SimpleNamespace(outputs=(SimpleNamespace(shape=(outputs,)),), layers=(SimpleNamespace(name="dense1"),))


@pytest.mark.parametrize(
    ("classes", "outputs", "loss"),
    [
        (10, 10, "cross_entropy"),
        (2, 1, "binary_cross_entropy"),
        (2, 1, "hinge"),
        (10, 1, "squared_error"),
        (10, 10, "squared_error"),
        (3, 3, "binary_cross_entropy"),
    ],
)
def test_classes_that_have_outputs_fit(classes: int, outputs: int, loss: Any):
    assert check_fit(dataset(classes), graph(outputs), loss) == ()


@pytest.mark.parametrize(
    ("classes", "outputs", "loss"),
    [
        (10, 9, "cross_entropy"),
        (3, 1, "binary_cross_entropy"),
        (3, 1, "hinge"),
        (2, 1, "cross_entropy"),
        (3, 2, "squared_error"),
    ],
)
def test_more_classes_than_outputs_are_refused(classes: int, outputs: int, loss: Any):
    error = refuses("E515", lambda: check_fit(dataset(classes), graph(outputs), loss))
    assert f"the data have {classes} classes" in error.message
    assert "dense1" in error.notes[0]


def test_outputs_without_a_class_are_worth_a_notice():
    assert check_fit(dataset(2), graph(10), "cross_entropy") == ("the net has 10 outputs, the data only 2 classes",)

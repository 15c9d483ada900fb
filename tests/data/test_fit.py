import re
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from netspec.data.dataset import Collection, Dataset, Part
from netspec.data.fit import check_fit, class_cautions, fitted
from netspec.data.levels import Levels
from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment
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


def dataset(classes: int, labels: Sequence[int] | None = None, names: Sequence[str] = (), **more: Any) -> Dataset:
    numbers = range(classes) if labels is None else labels
    part = Part(pixels(len(numbers), 1, 2, 2), np.array(numbers, np.int32))
    ones = np.ones(1, np.float32)
    called = tuple(names) or tuple(map(str, range(classes)))
    return Dataset(part, None, None, called, ones, ones, Levels(), "", (), numbered=not names, **more)


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
    one = dataset(1)
    assert check_fit(one, graph(10), "cross_entropy") == ("the net has 10 outputs, the data only one class",)


@given(st.integers(1, 9), st.integers(2, 12), st.data())
def test_classes_that_suffice_are_all_kept_by_the_advice(first: int, room: int, data: st.DataObject):
    """Labels that begin above 0 leave classes without images, and it is these that the advice leaves out."""
    labels = sorted(data.draw(st.sets(st.integers(first, 30), min_size=2, max_size=room)))
    found = dataset(max(labels) + 1, labels)
    assume(len(found.class_names) > room)
    error = refuses("E515", lambda: check_fit(found, graph(room), "cross_entropy"))
    assert f"the labels begin at {labels[0]}, and classes are counted from 0" in error.notes
    advised = re.search('data "mine" classes=.*', f'data "mine" {error.helps[0].split("`")[1]}')
    assert advised is not None
    checked = check_experiment(
        Source("n.net", f"net n {{ input 1; dense 1 }}\n{advised[0]}\ntrain {{ loss squared_error }}")
    )
    assert checked.data is not None
    assert checked.data.classes == tuple(labels)
    assert error.helps[1] == f"or end the net with {max(labels) + 1} outputs"


def test_labels_from_one_are_told_with_what_keeps_all_images():
    error = refuses("E515", lambda: check_fit(dataset(27, range(1, 27)), graph(26), "cross_entropy"))
    assert error.helps[0] == "keep the classes that have images: `classes=1..26`"
    assert "the labels begin at 1, and classes are counted from 0" in error.notes


def test_advice_that_leaves_images_out_says_so():
    error = refuses("E515", lambda: check_fit(dataset(6, range(1, 6)), graph(3), "cross_entropy"))
    assert error.helps == (
        "end the net with 6 outputs, or keep fewer classes: `classes=1..3` leaves the images of the others out",
    )
    named = dataset(3, [0, 1, 2], ("cat", "ankle boot", "dog"))
    error = refuses("E515", lambda: check_fit(named, graph(2), "cross_entropy"))
    assert '`classes=(cat "ankle boot")`' in error.helps[0]
    assert len(error.notes) == 1


def test_classes_that_were_not_taken_count_as_having_images():
    taken = dataset(4, [1, 1], lost=(2,), lost_test=(3,))
    assert "`classes=1..3`" in refuses("E515", lambda: check_fit(taken, graph(3), "cross_entropy")).helps[0]


def codes(found: Dataset, **more: Any) -> list[str]:
    return [caution.code for caution in class_cautions(found, **more)]


def test_a_class_without_training_images_is_named():
    (caution,) = class_cautions(dataset(3, [0, 2], ("cat", "dog", "emu")))
    assert (caution.code, caution.message) == ("W501", "the class `dog` has no training image")
    assert caution.helps == ("`classes=(cat emu)`, with a net of 2 outputs, keeps those that have some",)
    (caution,) = class_cautions(dataset(60, [3, 59]))
    assert "`0`, `1`" in caution.message
    assert caution.message.endswith("and 38 more have no training image")


def test_a_single_class_is_named():
    (caution,) = class_cautions(dataset(1, [0, 0], ("cat",)))
    assert (caution.code, caution.message[:43]) == ("W502", "all training images are of one class, `cat`")
    assert codes(dataset(3, [1, 1])) == ["W502"]


def test_a_class_that_is_lost_by_taking_is_named_once():
    first, second, third = class_cautions(dataset(4, [0, 3], ("a", "b", "c", "d"), lost=(1,), lost_test=(0, 3)))
    assert first.message == "`take` leaves no training image of the class `b`"
    assert second.message == "`take_test` leaves no test image of the classes `a` and `d`"
    assert (first.code, second.code, third.code) == ("W503", "W503", "W501")
    assert third.message == "the class `c` has no training image"
    assert codes(dataset(2, [0], lost=(1,))) == ["W503", "W502"]


def test_nothing_is_said_of_classes_that_have_images_and_of_labels_that_are_targets():
    assert codes(dataset(3, [0, 1, 2])) == []
    assert codes(dataset(50, [7, 49], lost=(3,)), targets=True) == []

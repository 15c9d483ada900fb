"""The parts of a `.npz` file are told by the names of its arrays, and no two arrays are the same part."""

import pytest

from netspec.data.array_names import Parts, parts_of
from netspec.data.layout import PARTS
from tests.data.samples import refuses


@pytest.mark.parametrize("pair", [("images", "labels"), ("x", "y"), ("X", "y"), ("data", "target"), ("arr_0", "arr_1")])
@pytest.mark.parametrize("form", ["{name}_{word}", "{word}_{name}"])
@pytest.mark.parametrize("word", PARTS)
def test_a_part_goes_by_its_word_before_or_after_every_name(pair: tuple[str, str], form: str, word: str) -> None:
    names = tuple(form.format(name=name, word=word) for name in pair)
    found = parts_of(names, "a.npz")
    assert getattr(found, PARTS[word]) == names
    assert [found.train, found.validation, found.test].count(None) == 2


@pytest.mark.parametrize(
    ("names", "twins"),
    [
        ("x_val y_val x_validation y_validation", ("x_val", "x_validation")),
        ("x_train y_train x_training y_training", ("x_train", "x_training")),
        ("x_test y_test x_testing y_testing", ("x_test", "x_testing")),
        ("x_train y_train train_x train_y", ("x_train", "train_x")),
        ("x_train y_train train_images train_labels", ("train_images", "x_train")),
        ("x_val y_val x_valid", ("x_val", "x_valid")),
        ("x_val y_val y_validation", ("y_val", "y_validation")),
        ("x X y", ("x", "X")),
        ("x y images labels", ("images", "x")),
    ],
)
def test_twins_are_refused_with_both_their_names(names: str, twins: tuple[str, str]) -> None:
    others = ("x_train", "y_train") if "train" not in names else ()
    message = refuses("E553", lambda: parts_of((*names.split(), *others), "a.npz")).message
    assert message.startswith(f"`a.npz:{twins[0]}` and `a.npz:{twins[1]}` are both the ")


def test_images_without_labels_are_no_twin() -> None:
    """As scikit-learn's digits have them: the same images in two shapes, and labels for one."""
    assert parts_of(("data", "target", "images"), "a.npz").train == ("data", "target")


def test_arrays_without_a_part_are_those_to_train_on_or_left_alone() -> None:
    bare = ("x", "y")
    assert parts_of((*bare, "x_test", "y_test"), "a") == Parts(bare, None, ("x_test", "y_test"))
    assert parts_of((*bare, "x_train", "y_train"), "a") == Parts(("x_train", "y_train"), None, None, bare)

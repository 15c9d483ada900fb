from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.data.arrays import as_images, as_labels, check_labels, numbered_classes, numbers_of
from netspec.data.read_options import ReadOptions
from tests.data.samples import pixels, refuses


@pytest.mark.parametrize(
    ("shape", "net", "expected"),
    [
        ((5, 7, 9), None, (5, 1, 7, 9)),
        ((5, 7), None, (5, 7, 1, 1)),
        ((5, 3, 7, 9), None, (5, 3, 7, 9)),
        ((5, 7, 9, 3), None, (5, 3, 7, 9)),
        ((5, 7, 9, 1), None, (5, 1, 7, 9)),
        ((5, 7, 9, 4), None, (5, 4, 7, 9)),
        ((5, 3, 9, 3), (3, 3, 9), (5, 3, 3, 9)),  # the net's whole shape decides
        ((5, 3, 9, 3), (3, 9, 3), (5, 3, 9, 3)),
        ((5, 16, 8, 9), (16, 8, 9), (5, 16, 8, 9)),
        ((5, 8, 9, 16), (16, 8, 9), (5, 16, 8, 9)),
        ((5, 8, 9, 16), (16, 4, 4), (5, 16, 8, 9)),  # else its channels
        ((5, 1, 9, 1), None, (5, 1, 9, 1)),
        ((5, 1, 9, 1), (9, 1, 1), (5, 1, 9, 1)),
        ((5, 1, 9, 1), (1, 1, 9), (5, 1, 1, 9)),
    ],
)
def test_axes_are_told_apart(shape: tuple[int, ...], net: tuple[int, ...] | None, expected: tuple[int, ...]):
    array = pixels(*shape)
    found = as_images(array, "a.npz", ReadOptions(net))
    assert found.shape == expected
    assert found.flags.c_contiguous
    if len(shape) == 4:
        wanted = array if expected == shape else np.moveaxis(array, 3, 1)
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(
    ("shape", "net"),
    [
        ((5, 3, 9, 3), None),
        ((5, 7, 8, 9), None),
        ((5, 3, 9, 3), (1, 5, 5)),
        ((5, 8, 9, 8), (8, 4, 4)),
        ((5, 3, 3, 3), (3, 3, 3)),
        ((5, 28, 28, 28), (28, 28, 28)),
    ],
)
def test_axes_that_could_be_either_are_read_channels_first_with_a_note(
    shape: tuple[int, ...], net: tuple[int, ...] | None
):
    notes: list[str] = []
    array = pixels(*shape)
    np.testing.assert_array_equal(as_images(array, "a.npz", ReadOptions(net, note=notes.append)), array)
    (note,) = notes
    assert "channels first" in note
    assert "`axes=nhwc`" in note


@given(
    sizes=st.tuples(*[st.integers(1, 5)] * 3),
    net=st.none() | st.tuples(*[st.integers(1, 5)] * 3),
    axes=st.sampled_from(["nchw", "nhwc"]),
)
def test_axes_settles_the_order_of_every_shape_without_a_note(sizes: Any, net: Any, axes: Any):
    notes: list[str] = []
    array = pixels(2, *sizes)
    found = as_images(array, "a.npz", ReadOptions(net, axes=axes, note=notes.append))
    np.testing.assert_array_equal(found, array if axes == "nchw" else np.moveaxis(array, 3, 1))
    assert notes == []


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 9)])
def test_axes_of_an_array_without_four_are_refused(shape: tuple[int, ...]):
    refuses("E560", lambda: as_images(pixels(*shape), "a.npz", ReadOptions(axes="nchw")))


@pytest.mark.parametrize("shape", [(5,), (1, 2, 3, 4, 5), (0, 3, 3), (4, 0, 3), ()])
def test_arrays_that_are_no_stack_of_images_are_refused(shape: tuple[int, ...]):
    refuses("E507", lambda: as_images(np.zeros(shape, np.uint8), "a.npz"))


@pytest.mark.parametrize("name", ["bool", "int8", "uint16", "int64", "float16", "float32", "float64", ">f4"])
def test_other_numbers_become_float32(name: str):
    images = as_images(np.ones((2, 3, 3), name), "a")
    assert images.dtype == np.float32
    assert (images == 1).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_a_pixel_that_is_no_number_is_named(value: float):
    array = np.zeros((4, 2, 3))
    array[2, 1, 0] = value
    error = refuses("E507", lambda: as_images(array, "a.npz"))
    assert "pixel 0x1x0 of image 2" in error.message


@pytest.mark.parametrize("array", [np.zeros((2, 2, 2), complex), np.array([["a"]]), np.zeros((2, 2), "M8[s]")])
def test_things_that_are_no_real_numbers_are_refused(array: np.ndarray):
    refuses("E507", lambda: as_images(array, "a"))


def test_labels_come_as_numbers_columns_and_rows_with_a_single_one():
    for array in (np.array([2, 0, 1]), np.array([[2], [0], [1]], np.uint8), np.eye(3)[[2, 0, 1]]):
        found = as_labels(array, "a")
        assert found.tolist() == [2, 0, 1]
        assert found.dtype == np.int32


@pytest.mark.parametrize(
    "array",
    [
        np.array([0.0, 1.0]),
        np.array([-1, 1]),
        np.array([0, 70_000]),
        np.array([0, 2**63], np.uint64),
        np.array(["a"]),
        np.zeros((2, 2, 2), int),
        np.array([[1, 1], [0, 1]]),
        np.array([[2, -1]]),
        np.array([["a", "b"]]),
    ],
)
def test_labels_that_are_no_class_numbers_are_refused(array: np.ndarray):
    refuses("E506", lambda: as_labels(array, "a"))


def test_a_label_beyond_the_known_classes_is_named():
    check_labels(np.array([0, 9], np.int32), 10, "a")
    message = refuses("E506", lambda: check_labels(np.array([0, 10], np.int32), 10, "a")).message
    assert "label 10 of image 1" in message


@pytest.mark.parametrize("name", ["int16", "uint16", "int64", "float64"])
def test_the_type_that_a_file_had_is_kept_beside_the_range(name: str):
    found = numbers_of(np.array([3, 2, 90], np.float32), np.dtype(name))
    assert (found.numbers, found.low, found.high) == (name, 2, 90)


def test_classes_without_names_are_numbered():
    assert numbered_classes(np.array([0, 2], np.int32), np.array([1], np.int32)) == ("0", "1", "2")
    assert numbered_classes(np.array([], np.int32)) == ()

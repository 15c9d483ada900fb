"""Images become what the net was trained on, and outputs become probabilities."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from netspec.diagnostics.failure import DataError, UsageError
from netspec.ir.graph import Node, Value
from netspec.ir.operations import Softmax
from netspec.ir.recipe import Experiment, TrainOptions
from netspec.train.predict import as_images, class_name, probabilities, read_pictures
from netspec.train.preparation import Preparation
from tests.train.nets import small_graph

GREY = Preparation((1, 8, 6), (0.0,), (1.0,), 255.0, ("null", "eins"))
EXPERIMENT = Experiment(small_graph(), None, (), TrainOptions())


def picture(path: Path, size: tuple[int, int] = (6, 8), colour: int = 200) -> Path:
    """Writes a grey picture of (width, height)."""
    Image.new("L", size, colour).save(path)
    return path


def test_a_picture_of_the_right_size_passes_as_it_is(tmp_path: Path) -> None:
    images, notices = read_pictures([picture(tmp_path / "a.png")], GREY)
    assert images.shape == (1, 1, 8, 6)
    assert images.dtype == np.uint8
    assert (images == 200).all()
    assert notices == ()


def test_a_picture_of_another_size_is_resized_and_that_is_said(tmp_path: Path) -> None:
    paths = [picture(tmp_path / "a.png"), picture(tmp_path / "b.png", (60, 40), 90)]
    images, (notice,) = read_pictures(paths, GREY)
    assert images.shape == (2, 1, 8, 6)
    assert (images[1] == 90).all()
    assert notice == f"`{paths[1]}` is 40x60, resized to 8x6"


def test_colours_follow_the_channels_of_the_net(tmp_path: Path) -> None:
    Image.new("RGB", (6, 8), (10, 20, 30)).save(tmp_path / "c.png")
    colour = Preparation((3, 8, 6), (0.0,) * 3, (1.0,) * 3)
    images, _ = read_pictures([tmp_path / "c.png"], colour)
    assert [int(plane.max()) for plane in images[0]] == [10, 20, 30]
    grey, _ = read_pictures([tmp_path / "c.png"], GREY)
    assert int(grey.max()) == round(0.299 * 10 + 0.587 * 20 + 0.114 * 30)


def test_bytes_are_brought_to_the_range_of_the_data_set(tmp_path: Path) -> None:
    images, _ = read_pictures([picture(tmp_path / "a.png", colour=255)], replace(GREY, white=16.0))
    assert images.dtype == np.float32
    assert (images == 16).all()


def test_a_file_that_is_no_picture_is_a_data_error(tmp_path: Path) -> None:
    (tmp_path / "fake.png").write_bytes(b"GIF89a nothing")
    for path in (tmp_path / "fake.png", tmp_path / "none.png", tmp_path):
        with pytest.raises(DataError, match=str(path)):
            read_pictures([path], GREY)


@pytest.mark.parametrize("shape", [(1, 8, 6), (8, 6), (5, 1, 8, 6), (5, 8, 6)])
def test_one_image_or_many_are_taken_with_or_without_a_single_channel(shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape), dtype=np.float64).reshape(shape)
    images = as_images(array, (1, 8, 6))
    assert images.shape == (5 if 5 in shape else 1, 1, 8, 6)
    assert images.dtype == np.float32
    assert np.array_equal(images.ravel(), array.ravel())


def test_points_are_taken_as_rows(tmp_path: Path) -> None:
    assert as_images(np.zeros((4, 2)), (2, 1, 1)).shape == (4, 2, 1, 1)
    assert as_images(np.zeros(2), (2, 1, 1)).shape == (1, 2, 1, 1)


def test_bytes_stay_bytes() -> None:
    assert as_images(np.zeros((1, 8, 6), np.uint8), (1, 8, 6)).dtype == np.uint8


@pytest.mark.parametrize("shape", [(8, 6, 1), (6, 8), (0, 1, 8, 6), (), (5, 3, 8, 6), (1, 5, 1, 8, 6)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError) as caught:
        as_images(np.zeros(shape), (1, 8, 6))
    assert caught.value.code == "E465"
    assert "(N, 1, 8, 6)" in caught.value.message


def test_what_is_no_number_is_refused() -> None:
    for array in (np.full((8, 6), "x"), np.zeros((8, 6), complex)):
        with pytest.raises(UsageError):
            as_images(array, (1, 8, 6))


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=2, max_size=2))
def test_probabilities_add_up_to_one_and_keep_the_order(outputs: list[float]) -> None:
    row = probabilities(EXPERIMENT, np.array([outputs], np.float32))[0]
    assert row.sum() == pytest.approx(1)
    assert (row[0] >= row[1]) == (outputs[0] >= outputs[1]) or row[0] == row[1]


@given(st.floats(-1e6, 1e6, width=32))
def test_one_output_is_the_probability_of_class_one(output: float) -> None:
    (row,) = probabilities(EXPERIMENT, np.array([[output]], np.float32))
    assert 0 <= row[0] <= 1
    assert (row[0] > 0.5) == (output > 0) or abs(output) < 1e-6


def test_under_binary_cross_entropy_every_output_stands_for_itself() -> None:
    binary = replace(EXPERIMENT, train=TrainOptions(loss="binary_cross_entropy"))
    row = probabilities(binary, np.array([[0.0, 100.0]], np.float32))[0]
    assert row.tolist() == [0.5, 1.0]


def test_a_net_that_ends_with_softmax_says_probabilities_itself() -> None:
    graph = small_graph()
    last = Value("softmax1", (2,))
    softmax = Node(Softmax(), graph.outputs, (last,), "softmax1")
    experiment = replace(EXPERIMENT, graph=replace(graph, nodes=(*graph.nodes, softmax), outputs=(last,)))
    outputs = np.array([[0.25, 0.75]], np.float32)
    assert np.array_equal(probabilities(experiment, outputs), outputs)


def test_a_class_without_a_name_goes_by_its_number() -> None:
    assert [class_name(GREY, k) for k in range(3)] == ["null", "eins", "2"]

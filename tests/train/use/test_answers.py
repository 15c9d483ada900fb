"""Mistakes are counted class by class; confidence is held against accuracy."""

import numpy as np
import pytest

from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment
from netspec.ir.recipe import Experiment
from netspec.train.use.answers import answers, calibration_error, class_probabilities


def experiment_of(outputs: int, loss: str = "cross_entropy", more: str = "") -> Experiment:
    return check_experiment(Source("<text>", f"net n {{ input 2; dense {outputs}{more} }}\ntrain {{ loss {loss} }}"))


def test_the_confusion_matrix_counts_what_was_taken_for_what() -> None:
    outputs = np.array([[2, 1, 0], [0, 3, 1], [0, 3, 1], [1, 0, 5]], np.float32)
    found = answers(experiment_of(3), outputs, np.array([0, 1, 2, 2], np.int32))
    assert found is not None
    assert found.confusion == ((1, 0, 0), (0, 1, 0), (0, 1, 1))
    assert found.images == (1, 1, 2)
    assert found.recall == (1.0, 1.0, 0.5)
    assert found.precision == (1.0, 0.5, 1.0)
    assert found.top5 is None


def test_a_class_without_images_or_answers_has_no_ratio() -> None:
    found = answers(experiment_of(3), np.array([[9, 0, 0]], np.float32), np.array([1], np.int32))
    assert found is not None
    assert found.recall == (None, 0.0, None)
    assert found.precision == (0.0, None, None)


def test_the_class_among_the_five_likeliest_counts() -> None:
    outputs = np.tile(np.arange(7, dtype=np.float32), (7, 1))
    found = answers(experiment_of(7), outputs, np.arange(7, dtype=np.int32))
    assert found is not None
    assert found.top5 == pytest.approx(5 / 7)


def test_one_output_tells_two_classes_apart() -> None:
    outputs, labels = np.array([[-2.0], [3.0], [0.5]], np.float32), np.array([0, 1, 0], np.int32)
    found = answers(experiment_of(1, "binary_cross_entropy"), outputs, labels)
    assert found is not None
    assert found.confusion == ((1, 1), (0, 1))
    assert answers(experiment_of(1, "squared_error"), outputs, np.array([0, 1, 7], np.int32)) is None


def test_probabilities_are_those_of_the_loss() -> None:
    outputs = np.array([[0.0, np.log(3)]], np.float32)
    assert class_probabilities(experiment_of(2), outputs) == pytest.approx(np.array([[0.25, 0.75]]))
    sigmoids = class_probabilities(experiment_of(2, "binary_cross_entropy"), outputs)
    assert sigmoids == pytest.approx(np.array([[0.5, 0.75]]))
    plain = class_probabilities(experiment_of(2, "squared_error", "; softmax"), np.array([[0.25, 0.75]], np.float32))
    assert plain.tolist() == [[0.25, 0.75]]


def test_the_calibration_error_is_the_distance_from_what_was_promised() -> None:
    assert calibration_error(np.full(10, 0.8), np.arange(10) < 8) == pytest.approx(0)
    assert calibration_error(np.full(10, 1.0), np.arange(10) < 3) == pytest.approx(0.7)
    halves = np.concatenate([np.full(5, 0.9), np.full(5, 0.5)])
    assert calibration_error(halves, np.arange(10) < 5) == pytest.approx(0.3)

"""One rule a loss ranks classes, exactly, whatever probabilities round to."""

from fractions import Fraction
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.ir.operations import LossName
from netspec.ir.ranking import BOUNDARY, class_scores, is_regression, ranked_classes, told_classes

LOSSES = st.sampled_from(get_args(LossName))
LARGE = float(np.float32(3e38))
NUMBERS = st.floats(-LARGE, LARGE, width=32)


@given(LOSSES, st.lists(NUMBERS, min_size=2, max_size=7))
def test_several_outputs_rank_as_they_are_and_the_first_of_equals_comes_first(loss: LossName, row: list[float]) -> None:
    outputs = np.array([row], np.float32)
    wanted = sorted(range(len(row)), key=lambda k: (-outputs[0, k], k))
    assert ranked_classes(loss, outputs).tolist() == [wanted]
    assert told_classes(loss, outputs).tolist() == [wanted[0]]


@given(NUMBERS)
def test_one_output_of_squared_error_names_the_nearer_target(output: float) -> None:
    """Distances are exact here: as floats those of 1e9 to 0 and to 1 are equal."""
    exact = Fraction(float(np.float32(output)))
    nearer = int(abs(exact - 1) < abs(exact))
    outputs = np.array([[output]], np.float32)
    assert told_classes("squared_error", outputs).tolist() == [nearer]
    assert ranked_classes("squared_error", outputs).tolist() == [[nearer, 1 - nearer]]


@given(st.sampled_from(("binary_cross_entropy", "hinge")), NUMBERS)
def test_one_logit_names_class_one_above_zero(loss: LossName, output: float) -> None:
    outputs = np.array([[output]], np.float32)
    assert told_classes(loss, outputs).tolist() == [int(outputs[0, 0] > 0)]


def test_a_single_output_tells_two_classes_apart_but_under_cross_entropy() -> None:
    outputs = np.zeros((3, 1), np.float32)
    for loss in get_args(LossName):
        assert class_scores(loss, outputs).shape == (3, 2 if loss in BOUNDARY else 1)
    assert set(get_args(LossName)) - BOUNDARY.keys() == {"cross_entropy"}


@pytest.mark.parametrize(("classes", "wanted"), [(0, False), (1, False), (2, False), (3, True), (10, True)])
def test_one_output_of_squared_error_is_a_number_where_labels_are_more_than_two(classes: int, wanted: bool) -> None:
    assert is_regression("squared_error", 1, classes) is wanted
    assert not is_regression("squared_error", 2, classes)
    assert not is_regression("hinge", 1, classes)

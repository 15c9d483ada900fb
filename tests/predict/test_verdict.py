"""Probabilities name the class that the net's outputs name, however they are rounded."""

from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.ir.operations import LossName
from netspec.ir.ranking import told_classes
from netspec.predict.intake import Intake
from netspec.predict.predictor import Predictor
from netspec.predict.verdict import Reading, agreeing
from netspec.runtime.cpu.device import CpuDevice
from netspec.runtime.cpu.host import host_target
from tests.kernels.harness import CACHE_DIR
from tests.schedule.nets import experiment

LOSSES = ("cross_entropy", "binary_cross_entropy", "squared_error", "hinge")
LOGITS = st.one_of(st.floats(-200, 200, width=32), st.sampled_from((0.0, 1e-9, -1e-9, 17, 19, 40, 50, -90, -100, -110)))


def identity(outputs: int, loss: str, classes: int = 0, batch: int = 8) -> Predictor:
    """A predictor whose outputs are its inputs."""
    net = experiment(f"net t {{ input {outputs}; dense {outputs} }}\ntrain {{ loss {loss} }}")
    weights = {"dense1.weight": np.eye(outputs, dtype=np.float32), "dense1.bias": np.zeros(outputs, np.float32)}
    intake = Intake((outputs, 1, 1), (0.0,) * outputs, (1.0,) * outputs)
    names = tuple(map(str, range(classes)))
    return Predictor(net, weights, intake, CpuDevice(host_target(), 1, CACHE_DIR), batch=batch, class_names=names)


PREDICTORS = {
    (outputs, loss, batch): identity(outputs, loss, batch=batch)
    for outputs in (1, 2, 7)
    for loss in LOSSES
    for batch in (1, 64)
    if not (outputs == 1 and loss == "cross_entropy")
}


@given(st.sampled_from(sorted(PREDICTORS)), st.data())
def test_the_class_named_is_the_one_that_the_rule_of_the_loss_names(key: tuple[int, LossName, int], data: Any) -> None:
    outputs, loss, _ = key
    rows = data.draw(st.lists(st.lists(LOGITS, min_size=outputs, max_size=outputs), min_size=1, max_size=5))
    logits, predictor = np.array(rows, np.float32), PREDICTORS[key]
    told = told_classes(loss, logits)
    probabilities = predictor(logits)
    assert probabilities.dtype == np.float32
    assert probabilities.min() >= 0
    assert probabilities.max() <= 1
    found = predictor.verdict(logits.reshape(-1, outputs, 1, 1))
    assert found.ranks is not None
    assert found.ranks[:, 0].tolist() == told.tolist()
    if outputs == 1:
        assert (probabilities[:, 0] > 0.5).tolist() == (told == 1).tolist()
    else:
        assert probabilities.argmax(axis=1).tolist() == told.tolist()
        ordered = np.take_along_axis(logits, found.ranks, axis=1)
        assert (np.diff(ordered, axis=1) <= 0).all()


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=6), st.data())
def test_probabilities_change_by_no_more_than_rounding_and_only_where_they_must(row: list[float], data: Any) -> None:
    given_row = np.array([row], np.float32)
    if len(row) == 1:
        told = int(given_row[0, 0] > 0.5)
    else:
        told = int(data.draw(st.sampled_from(np.flatnonzero(given_row[0] == given_row.max()).tolist())))
    found = agreeing(given_row, np.array([told]))
    if len(row) > 1:
        assert int(found.argmax()) == told
    np.testing.assert_array_max_ulp(found, given_row, 1)
    if told == (int(given_row.argmax()) if len(row) > 1 else told):
        np.testing.assert_array_equal(found, given_row)


def test_one_output_of_squared_error_is_the_probability_of_class_one_cut_off() -> None:
    outputs = np.array([[-0.5], [0.2], [0.5], [0.8], [7]], np.float32)
    wanted = np.clip(outputs, 0, 1)
    np.testing.assert_array_equal(identity(1, "squared_error", 2)(outputs), wanted)


@pytest.mark.parametrize("classes", [3, 10])
def test_a_regression_says_its_number(classes: int) -> None:
    outputs = np.array([[-0.5], [0.2], [7.25]], np.float32)
    predictor = identity(1, "squared_error", classes)
    np.testing.assert_array_equal(predictor(outputs), outputs)
    assert predictor.verdict(outputs.reshape(-1, 1, 1, 1)).ranks is None


def test_every_loss_is_tried() -> None:
    assert set(LOSSES) == set(get_args(LossName))
    assert Reading("hinge", 1, 10).regression is False

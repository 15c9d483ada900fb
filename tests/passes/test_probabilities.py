"""Outputs become probabilities, as part of the net."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.ir import operations as ops
from netspec.ir.evaluate import evaluate
from netspec.passes.probabilities import with_probabilities
from tests.ir.nets import Net


def said(outputs: list[float], loss: ops.LossName = "cross_entropy") -> np.ndarray:
    """What a net says whose outputs are its inputs."""
    net = Net((len(outputs),))
    net.layer(ops.Reshape(), shape=(len(outputs), 1, 1))
    made = with_probabilities(net.graph(), loss)
    (row,) = evaluate(made, {"input": np.array([outputs])})[made.outputs[0].name]
    return row


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=2, max_size=5))
def test_probabilities_add_up_to_one_and_keep_the_order(outputs: list[float]) -> None:
    row = said(outputs)
    assert row.shape == (len(outputs),)
    assert row.sum() == pytest.approx(1)
    assert row[np.argmax(outputs)] == row.max()


@given(st.floats(-1e6, 1e6, width=32))
def test_one_output_is_the_probability_of_class_one(output: float) -> None:
    (row,) = said([output])
    assert 0 <= row <= 1
    assert (row > 0.5) == (output > 0) or abs(output) < 1e-6


def test_under_binary_cross_entropy_every_output_stands_for_itself() -> None:
    assert said([0.0, 100.0], "binary_cross_entropy").tolist() == [0.5, 1.0]


def test_a_net_that_ends_with_softmax_says_probabilities_itself() -> None:
    net = Net((3,))
    net.layer(ops.Softmax())
    graph = net.graph()
    assert with_probabilities(graph, "cross_entropy") == graph

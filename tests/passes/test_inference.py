from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.ir import operations as ops
from netspec.ir.evaluate import evaluate
from netspec.passes.inference import inference
from tests.ir.nets import Net, feeds, graphs


@given(graphs(), st.none() | st.sampled_from(get_args(ops.LossName)))
def test_inference_has_no_dropout_and_keeps_running_statistics(graph, loss):
    made = inference(graph, loss)
    kinds = {type(node.operation) for node in made.nodes}
    assert not kinds & {ops.Dropout, ops.BatchNormTraining}
    assert made.updates == ()
    assert len(made.outputs) == (1 if loss is None else 3)


def test_a_chain_of_dropouts_passes_its_input_through():
    net = Net((3,))
    net.dense(3)
    net.layer(ops.Dropout(0.5, 0))
    net.layer(ops.Dropout(0.5, 1))
    made = inference(net.graph(), None)
    assert [value.name for value in made.outputs] == ["dense1"]
    assert [(layer.name, layer.output.name) for layer in made.layers[1:]] == [
        ("dense1", "dense1"),
        ("dropout2", "dense1"),
        ("dropout3", "dense1"),
    ]


def test_with_a_loss_the_sums_over_the_images_are_outputs():
    net = Net((2,))
    net.layer(ops.Reshape(), shape=(2, 1, 1))
    made = inference(net.graph(), "cross_entropy")
    given = {"input": np.array([[1.0, 1.0], [0.0, 5.0]]), "label": np.array([0, 0])}
    values = evaluate(made, given)
    logits, loss, correct = (values[value.name] for value in made.outputs)
    assert logits.shape == (2, 2)
    assert loss == pytest.approx(np.log(2) + 5 + np.log1p(np.exp(-5)))
    assert correct == 1


@given(graphs(), st.integers(0, 9999))
def test_prediction_and_evaluation_agree(graph, seed):
    alone, scored = inference(graph, None), inference(graph, "squared_error")
    given = feeds(scored, 2, seed)
    expected = evaluate(scored, given)[scored.outputs[0].name]
    assert np.array_equal(evaluate(alone, given)[alone.outputs[0].name], expected)

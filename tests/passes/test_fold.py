"""Batch normalisation goes into the weights before it, and the outputs stay what they were."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment
from netspec.ir import operations as ops
from netspec.ir.evaluate import evaluate
from netspec.ir.graph import Graph
from netspec.ir.initialize import initialize
from netspec.ir.operations import Window
from netspec.ir.verify import verify
from netspec.passes.fold import fold_batch_norms
from netspec.passes.fold_weights import folded_weights
from netspec.passes.inference import inference
from tests.ir.nets import Net
from tests.strategies import valid_specs


def generic(graph: Graph, seed: int) -> dict[str, np.ndarray]:
    """Parameters and states in generic position, variances above zero."""
    generator = np.random.default_rng(seed)
    arrays: dict[str, np.ndarray] = {}
    for name, array in initialize(graph, seed).items():
        drawn = generator.normal(size=array.shape).astype(np.float32)
        arrays[name] = np.abs(drawn) + np.float32(0.1) if name.endswith(".variance") else drawn
    return arrays


def agree(graph: Graph, seed: int) -> Graph:
    """Asserts that folding changes no output of any image beyond rounding; returns the folded graph."""
    weights = generic(graph, seed)
    folded = fold_batch_norms(graph)
    verify(folded.graph)
    images = np.random.default_rng(seed).normal(size=(3, *graph.inputs[0].shape))
    (output,), (made,) = graph.outputs, folded.graph.outputs
    wanted = evaluate(graph, {"input": images, **weights})[output.name]
    found = evaluate(folded.graph, {"input": images, **folded_weights(folded, weights)})[made.name]
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-4 * max(1.0, np.abs(wanted).max()))
    return folded.graph


def kinds(graph: Graph) -> list[type]:
    return [type(node.operation) for node in graph.nodes]


@given(valid_specs(train=False), st.integers(0, 999))
def test_outputs_of_any_net_stay_what_they_were(text: str, seed: int) -> None:
    checked = check_experiment(Source("drawn", text), with_values={}, settings=())
    graph = inference(checked.graph, None)
    made = agree(graph, seed)
    assert kinds(made).count(ops.BatchNorm) <= kinds(graph).count(ops.BatchNorm)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("layer", ["conv", "deconv", "local", "dense"])
def test_every_layer_with_weights_takes_one(layer: str, bias: bool) -> None:
    net = Net((2, 3, 4))
    match layer:
        case "conv":
            net.conv(3, 2, bias)
        case "dense":
            net.dense(3, bias)
        case "deconv":
            given = (net.parameter("weight", 2, 3, 2, 2), net.parameter("bias", 3))
            net.layer(ops.Deconvolution(Window((2, 2), (2, 2))), parameters=given[: 1 + bias])
        case _:
            given = (net.parameter("weight", 3, 3, 4, 2, 1, 1), net.parameter("bias", 3, 3, 4))
            net.layer(ops.Local(Window((1, 1))), parameters=given[: 1 + bias])
    net.batchnorm()
    made = agree(net.graph(), 4)
    assert ops.BatchNorm not in kinds(made)
    assert made.states == ()
    assert {parameter.value.name for parameter in made.parameters} == {"batchnorm2.weight", "batchnorm2.bias"}


def test_layers_that_share_a_weight_get_one_each() -> None:
    net = Net((2, 4, 4))
    weight = net.parameter("weight", 2, 2, 1, 1)
    for owned in (True, False):
        net.layer(ops.Convolution(Window((1, 1))), parameters=(weight,), owned=owned)
        net.batchnorm()
    made = agree(net.graph(), 5)
    assert len(made.parameters) == 4
    assert ops.BatchNorm not in kinds(made)


@pytest.mark.parametrize("before", ["nothing", "an activation", "a value read twice"])
def test_what_cannot_be_folded_stays(before: str) -> None:
    net = Net((2, 3, 3))
    if before != "nothing":
        linear = net.conv(2, 1)
    if before == "an activation":
        net.activation("relu")
    normal = net.batchnorm()
    if before == "a value read twice":
        net.layer(ops.Add(), linear, normal)
    assert ops.BatchNorm in kinds(agree(net.graph(), 6))

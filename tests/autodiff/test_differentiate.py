from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.autodiff.differentiate import gradients, training_step
from netspec.ir import operations as ops
from netspec.ir.evaluate import evaluate
from netspec.ir.graph import Graph
from netspec.ir.operations import Window
from netspec.ir.recipe import Sgd
from tests.ir.nets import Net, feeds, frozen, graphs

LOSSES = st.sampled_from(get_args(ops.LossName))
SEED = st.integers(0, 10_000)
MOMENTUM = Sgd(0.1, momentum=0.9)


def classes(graph: Graph) -> int:
    return graph.outputs[0].shape[0]


def kinds(graph: Graph) -> list[type]:
    return [type(node.operation) for node in graph.nodes]


def small_net() -> Net:
    net = Net((2, 5, 5))
    net.conv(3, before=(1, 1), after=(1, 1))
    net.activation("relu")
    net.layer(ops.MaxPool(Window((2, 2), (2, 2))))
    net.dense(2)
    return net


@given(graphs(), LOSSES, SEED, st.integers(1, 3))
def test_a_step_keeps_the_forward_pass_and_gives_every_trainable_parameter_an_update(graph, loss, seed, images):
    step = training_step(graph, loss, MOMENTUM)
    moved = [p.value for p in graph.parameters if p.rate_factor != 0]
    assert [update.old for update in step.updates if update.old in moved] == moved
    running = [state.value for state in graph.states]
    assert [update.old for update in step.updates][: len(running)] == running
    forward = [node.outputs[0] for node in step.nodes][: len(graph.nodes)]
    assert forward == [node.outputs[0] for node in graph.nodes]
    values = evaluate(step, feeds(step, images, seed, classes(graph)), seed=seed)
    for update in step.updates:
        assert np.isfinite(values[update.new.name]).all()


def test_the_backward_pass_runs_in_reverse_and_updates_come_last():
    step = training_step(small_net().graph(), "cross_entropy", MOMENTUM)
    backward = kinds(step)[kinds(step).index(ops.LossGradient) :]
    assert backward == [
        ops.LossGradient,
        *(ops.BatchSum, ops.DenseWeightGradient, ops.DenseInputGradient),
        ops.MaxPoolGradient,
        ops.ActivationGradient,
        *(ops.ChannelSum, ops.ConvolutionWeightGradient),
        *(ops.SgdUpdate,) * 4,
    ]


def test_the_image_gets_no_gradient():
    step = training_step(small_net().graph(), "cross_entropy", Sgd())
    assert ops.ConvolutionInputGradient not in kinds(step)
    assert not any("input.gradient" in value.name for node in step.nodes for value in node.outputs)


def test_what_only_frozen_parameters_need_is_not_computed():
    graph = small_net().graph()
    conv = frozen(graph, "layer1.weight", "layer1.bias")
    found = kinds(training_step(conv, "cross_entropy", Sgd()))
    assert found.count(ops.SgdUpdate) == 2
    assert not {ops.DenseInputGradient, ops.MaxPoolGradient, ops.ConvolutionWeightGradient} & set(found)
    nothing = training_step(frozen(graph, *(p.value.name for p in graph.parameters)), "cross_entropy", MOMENTUM)
    assert kinds(nothing)[-1] is ops.Loss
    assert (nothing.updates, nothing.states) == ((), ())


def test_a_frozen_bias_alone_saves_its_sum_only():
    found = kinds(training_step(frozen(small_net().graph(), "layer1.bias"), "cross_entropy", Sgd()))
    assert ops.ChannelSum not in found
    assert ops.ConvolutionWeightGradient in found


def test_every_node_belongs_to_the_layer_it_serves():
    step = training_step(small_net().graph(), "cross_entropy", Sgd())
    places = {kind.__name__: node.layer for kind, node in zip(kinds(step), step.nodes, strict=True)}
    assert places["MaxPoolGradient"] == "maxpool3"
    assert places["ConvolutionWeightGradient"] == "convolution1"
    assert places["LossGradient"] == places["Loss"] == "loss"
    assert [node.layer for node in step.nodes if isinstance(node.operation, ops.SgdUpdate)] == [
        "convolution1",
        "convolution1",
        "dense4",
        "dense4",
    ]


def test_velocities_are_states_only_when_there_is_momentum():
    graph = small_net().graph()
    assert training_step(graph, "hinge", Sgd(momentum=0.0, nesterov=True)).states == ()
    names = [state.value.name for state in training_step(graph, "hinge", MOMENTUM).states]
    assert names == [f"{p.value.name}.velocity" for p in graph.parameters]


def test_an_update_carries_the_factors_of_its_layer():
    net = Net((3,))
    net.dense(2, rate=0.5, decay=4.0)
    step = training_step(net.graph(), "hinge", Sgd(0.1, 0.9, decay=0.01, nesterov=True))
    assert {n.operation for n in step.nodes if isinstance(n.operation, ops.SgdUpdate)} == {
        ops.SgdUpdate(0.9, True, 0.04, 0.5)
    }


def test_tied_weights_and_shared_outputs_add_their_gradients():
    net = Net((2, 4, 4))
    weight = net.parameter("weight", 2, 2, 3, 3)
    same = ops.Convolution(Window((3, 3), before=(1, 1), after=(1, 1)))
    first = net.layer(same, parameters=(weight,))
    net.layer(same, parameters=(weight,), owned=False)
    net.layer(ops.Add(), first, net.last)
    net.dense(2)
    step = training_step(net.graph(), "cross_entropy", Sgd())
    added = {node.outputs[0].name: node for node in step.nodes if isinstance(node.operation, ops.Add)}
    assert set(added) == {"add3", "convolution1.gradient", "layer1.weight.gradient"}
    assert [value.name for value in added["layer1.weight.gradient"].inputs] == [
        "layer1.weight.gradient.1",
        "layer1.weight.gradient.2",
    ]
    assert added["layer1.weight.gradient"].layer == "convolution1"


@given(SEED)
def test_batch_norms_that_share_statistics_move_them_one_after_the_other(seed):
    net = Net((3,))
    net.batchnorm()
    net.layer(ops.BatchNorm(), parameters=net.layers[-1].nodes[0].inputs[1:], owned=False)
    step = training_step(net.graph(), "cross_entropy", Sgd())
    running = [update for update in step.updates if update.old.name == "layer1.mean"]
    given = feeds(step, 4, seed, 3)
    values = evaluate(step, given)
    once = 0.9 * given["layer1.mean"] + 0.1 * given["input"].mean(axis=0)
    twice = 0.9 * once + 0.1 * values["batchnorm1"].mean(axis=0)
    assert values[running[0].new.name] == pytest.approx(twice)


@given(SEED)
def test_a_layer_named_like_a_reserved_value_has_its_output_renamed(seed):
    net = Net((3,))
    for name in ("label", "rate", "loss", "correct"):
        net.layer(ops.Dense(), parameters=(net.parameter("weight", 3, 3),), name=name)
    step = training_step(net.graph(), "cross_entropy", Sgd())
    assert [value.name for value in step.outputs] == ["loss", "correct"]
    assert {layer.output.name for layer in step.layers} >= {"label.output", "loss.output"}
    assert evaluate(step, feeds(step, 2, seed))["loss"].shape == ()


def test_an_output_with_a_plane_is_flattened_for_the_loss():
    net = Net((1, 3, 3))
    net.conv(4)
    step = training_step(net.graph(), "cross_entropy", Sgd())
    assert kinds(step)[:3] == [ops.Convolution, ops.Reshape, ops.Loss]
    assert evaluate(step, feeds(step, 2, 1, 4))["layer1.weight.gradient"].shape == (4, 1, 3, 3)


@given(graphs(), LOSSES, SEED)
def test_a_step_moves_weights_by_its_own_gradients(graph, loss, seed):
    step = training_step(graph, loss, Sgd(0.25, decay=0.5))
    given = feeds(step, 2, seed, classes(graph)) | {"rate": np.array(0.25)}
    values = evaluate(step, given, seed=seed)
    alone = evaluate(gradients(graph, loss).graph, given, seed=seed)
    for parameter in graph.parameters:
        if parameter.rate_factor:
            name = parameter.value.name
            pull = alone[f"{name}.gradient"] + 0.5 * given[name]
            expected = given[name] - 0.25 * parameter.rate_factor * pull
            assert values[f"{name}.new"] == pytest.approx(expected, rel=1e-12, abs=1e-12)

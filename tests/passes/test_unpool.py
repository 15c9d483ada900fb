import pytest

from netspec.autodiff.differentiate import training_step
from netspec.ir import operations as ops
from netspec.ir.graph import Graph, Node
from netspec.ir.operations import ActivationGradient, MaxPoolGradient, Window
from netspec.ir.recipe import Sgd
from netspec.passes.unpool import activate_before_unpooling
from tests.ir.nets import Net


def step(function: ops.ActivationName, window: Window, pools: int = 1) -> Graph:
    net = Net((2, 12, 12))
    net.conv(3)
    net.activation(function)
    for _ in range(pools):
        net.layer(ops.MaxPool(window))
    net.dense(2)
    return training_step(net.graph(), "hinge", Sgd())


def derivative(graph: Graph) -> Node:
    return next(node for node in graph.nodes if isinstance(node.operation, ActivationGradient))


SIDE_BY_SIDE, OVERLAPPING = Window((2, 2), (2, 2)), Window((3, 3), (2, 2))


@pytest.mark.parametrize("function", ["relu", "sigmoid", "leaky_relu"])
def test_a_derivative_moves_to_the_pooled_side(function):
    before = step(function, SIDE_BY_SIDE)
    made = activate_before_unpooling(before)
    saved, _ = derivative(made).inputs
    assert derivative(before).inputs[0].shape == (3, 10, 10)
    assert saved.shape == derivative(made).outputs[0].shape == (3, 5, 5)
    unpooling = next(node for node in made.nodes if isinstance(node.operation, MaxPoolGradient))
    assert unpooling.inputs[1] == derivative(made).outputs[0]
    assert unpooling.outputs == derivative(before).outputs


@pytest.mark.parametrize(("function", "moves"), [("relu", True), ("relu6", True), ("tanh", False)])
def test_under_windows_that_overlap_only_a_mask_moves(function, moves):
    before = step(function, OVERLAPPING)
    assert (activate_before_unpooling(before) != before) == moves


def test_a_derivative_taken_from_the_input_stays():
    before = step("gelu", SIDE_BY_SIDE)
    assert activate_before_unpooling(before) == before


def test_it_moves_through_pool_after_pool():
    made = activate_before_unpooling(step("relu", SIDE_BY_SIDE, pools=2))
    assert derivative(made).inputs[0].shape == (3, 2, 2)


def test_a_value_that_is_read_beside_the_pool_keeps_its_derivative():
    net = Net((2, 6, 6))
    net.conv(3)
    shared = net.activation("relu")
    net.layer(ops.MaxPool(SIDE_BY_SIDE), shared)
    pooled = net.last
    net.layer(ops.AveragePool(SIDE_BY_SIDE), shared)
    net.layer(ops.Add(), pooled, net.last)
    net.dense(2)
    before = training_step(net.graph(), "hinge", Sgd())
    assert activate_before_unpooling(before) == before

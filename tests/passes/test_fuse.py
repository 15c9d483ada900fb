import pytest

from netspec.autodiff.differentiate import training_step
from netspec.ir import operations as ops
from netspec.ir.graph import Graph
from netspec.ir.operations import IDENTITY, Activation, Window
from netspec.ir.recipe import Sgd
from netspec.passes.fuse import fuse_activations
from tests.ir.nets import Net


def net_with(function: ops.ActivationName) -> Graph:
    net = Net((2, 4, 4))
    net.conv(3)
    net.activation(function)
    net.dense(2)
    return net.graph()


def fused(graph: Graph) -> Activation:
    return next(node.operation.activation for node in graph.nodes if isinstance(node.operation, ops.Convolution))


@pytest.mark.parametrize("function", ["relu", "leaky_relu", "sigmoid", "gelu", "silu"])
def test_without_a_backward_pass_every_activation_joins_its_producer(function):
    made = fuse_activations(net_with(function))
    assert fused(made).function == function
    assert [node.outputs[0].name for node in made.nodes] == ["activation2", "dense3"]
    assert [layer.output.name for layer in made.layers] == ["input", "activation2", "activation2", "dense3"]


@pytest.mark.parametrize("function", ["relu", "tanh", "softplus"])
def test_in_training_those_join_whose_gradient_reads_the_output(function):
    assert fused(fuse_activations(training_step(net_with(function), "hinge", Sgd()))).function == function


@pytest.mark.parametrize("function", sorted(ops.SAVES_INPUT))
def test_in_training_those_stay_apart_whose_gradient_reads_the_input(function):
    step = training_step(net_with(function), "hinge", Sgd())
    assert fuse_activations(step) == step


@pytest.mark.parametrize("producer", ["local", "deconv", "dense"])
def test_every_layer_with_weights_takes_an_activation(producer):
    net = Net((2, 3, 3))
    match producer:
        case "local":
            window = Window((1, 1))
            net.layer(ops.Local(window), parameters=(net.parameter("weight", 2, 3, 3, 2, 1, 1),))
        case "deconv":
            net.layer(ops.Deconvolution(Window((2, 2))), parameters=(net.parameter("weight", 2, 2, 2, 2),))
        case _:
            net.dense(4)
    net.activation("relu")
    assert [node.operation.activation.function for node in fuse_activations(net.graph()).nodes] == ["relu"]


def test_a_linear_value_with_another_reader_stays():
    net = Net((4,))
    linear = net.dense(4)
    net.activation("relu")
    net.layer(ops.Add(), linear, net.last)
    assert fuse_activations(net.graph()) == net.graph()


def test_a_linear_value_that_is_an_output_stays():
    net = Net((4,))
    linear = net.dense(4)
    net.activation("relu")
    net.last = linear
    assert fuse_activations(net.graph()).nodes[0].operation.activation == IDENTITY


def test_an_activation_of_an_activation_is_fused_once():
    net = Net((4,))
    net.dense(4)
    net.activation("relu")
    net.activation("tanh")
    made = fuse_activations(net.graph())
    assert [node.outputs[0].name for node in made.nodes] == ["activation2", "activation3"]
    assert fuse_activations(made) == made

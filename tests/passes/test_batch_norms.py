import pytest

from netspec.autodiff.differentiate import training_step
from netspec.ir import operations as ops
from netspec.ir.graph import Graph, Node
from netspec.ir.operations import BatchNormTraining
from netspec.ir.recipe import Sgd
from netspec.passes.optimize import optimize
from tests.ir.nets import Net
from tests.passes.test_optimize import same_results


def nodes(graph: Graph, kind: type) -> list[Node]:
    return [node for node in graph.nodes if isinstance(node.operation, kind)]


def residual(function: ops.ActivationName = "relu", project: bool = False) -> Graph:
    """conv, batchnorm, function; then that plus conv, batchnorm, function of it, and the function again."""
    net = Net((2, 4, 4))
    net.conv(3, before=(1, 1), after=(1, 1))
    net.batchnorm()
    start = net.activation(function)
    net.conv(3, before=(1, 1), after=(1, 1))
    net.batchnorm()
    net.activation(function)
    net.conv(3, before=(1, 1), after=(1, 1))
    branch = net.batchnorm()
    other = start
    if project:
        net.last = start
        net.conv(3, 1)
        other = net.batchnorm()
    net.layer(ops.Add(), branch, other)
    net.activation(function)
    net.dense(2)
    return training_step(net.graph(), "hinge", Sgd())


@pytest.mark.parametrize("function", ["relu", "relu6", "leaky_relu"])
@pytest.mark.parametrize("project", [False, True])
def test_a_residual_net_has_no_pass_of_its_own_for_sums_and_activations(function, project):
    before = residual(function, project)
    after = optimize(before)
    same_results(before, after, 3, 5)
    for kind in (ops.Activation, ops.ActivationGradient, ops.Add):
        assert nodes(before, kind)
        assert not nodes(after, kind)


def test_the_last_of_two_normalisations_takes_the_sum():
    after = optimize(residual(project=True))
    assert [len(node.inputs) for node in nodes(after, BatchNormTraining)] == [5, 5, 5, 6]
    assert [node.operation.activation.function for node in nodes(after, BatchNormTraining)] == [
        "relu",
        "relu",
        "identity",
        "relu",
    ]


@pytest.mark.parametrize("function", ["tanh", "gelu"])
def test_curved_activations_stay_apart(function):
    net = Net((2, 4, 4))
    net.conv(3)
    net.batchnorm()
    net.activation(function)
    net.dense(2)
    before = training_step(net.graph(), "hinge", Sgd())
    after = optimize(before)
    assert len(nodes(after, ops.Activation)) == len(nodes(after, ops.ActivationGradient)) == 1


def test_a_normalised_value_that_is_read_twice_stays():
    net = Net((2, 4, 4))
    net.conv(3)
    linear = net.batchnorm()
    curved = net.activation("relu")
    net.layer(ops.Add(), linear, curved, linear)
    net.dense(2)
    before = training_step(net.graph(), "hinge", Sgd())
    after = optimize(before)
    same_results(before, after, 1, 4)
    assert [node.operation.activation for node in nodes(after, BatchNormTraining)] == [ops.IDENTITY]


def test_a_sum_whose_other_term_comes_later_stays():
    net = Net((2, 4, 4))
    net.conv(3)
    start = net.last
    early = net.batchnorm()
    net.last = start
    late = net.activation("tanh")
    net.layer(ops.Add(), early, late)
    net.dense(2)
    before = training_step(net.graph(), "hinge", Sgd())
    after = optimize(before)
    same_results(before, after, 2, 4)
    assert any(len(node.inputs) == 2 and node.inputs[0] == early for node in nodes(after, ops.Add))

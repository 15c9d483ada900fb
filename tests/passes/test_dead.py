from netspec.autodiff.differentiate import training_step
from netspec.ir import operations as ops
from netspec.ir.operations import Window
from netspec.ir.recipe import Sgd
from netspec.passes.dead import remove_dead_nodes, remove_unread_indices
from tests.ir.nets import Net, frozen


def test_what_nothing_reads_goes_with_its_layer():
    net = Net((4,))
    kept = net.activation("tanh")
    net.activation("relu")
    net.layer(ops.Softmax())
    net.last = kept
    made = remove_dead_nodes(net.graph())
    assert [node.layer for node in made.nodes] == ["activation1"]
    assert [layer.name for layer in made.layers] == ["input", "activation1"]


def pooled() -> Net:
    net = Net((2, 4, 4))
    net.conv(2, 1)
    net.layer(ops.MaxPool(Window((2, 2), (2, 2))))
    net.dense(2)
    return net


def test_an_index_that_a_gradient_reads_stays():
    step = training_step(pooled().graph(), "cross_entropy", Sgd())
    assert remove_unread_indices(step) == step


def test_an_index_that_nobody_reads_is_not_made():
    graph = frozen(pooled().graph(), "layer1.weight", "layer1.bias")
    step = remove_unread_indices(training_step(graph, "cross_entropy", Sgd()))
    assert [len(node.outputs) for node in step.nodes if isinstance(node.operation, ops.MaxPool)] == [1]

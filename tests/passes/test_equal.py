from netspec.ir import operations as ops
from netspec.passes.equal import merge_equal_nodes
from tests.ir.nets import Net


def test_the_same_operation_on_the_same_values_runs_once():
    net = Net((4,))
    first = net.activation("relu")
    second = net.layer(ops.Activation("relu"), net.image)
    other = net.layer(ops.Activation("tanh"), net.image)
    net.layer(ops.Concatenate(), first, second, other)
    made = merge_equal_nodes(net.graph())
    assert [node.outputs[0].name for node in made.nodes] == ["activation1", "activation3", "concatenate4"]
    assert [value.name for value in made.nodes[-1].inputs] == ["activation1", "activation1", "activation3"]


def test_equality_is_found_through_what_was_merged_before():
    net = Net((4,))
    ends = []
    for _ in range(2):
        net.layer(ops.Activation("relu"), net.image)
        ends.append(net.layer(ops.Softmax()))
    net.layer(ops.Add(), *ends)
    assert len(merge_equal_nodes(net.graph()).nodes) == 3


def test_reshapes_to_different_shapes_stay_apart():
    net = Net((4,))
    net.layer(ops.Reshape(), net.image, shape=(2, 2))
    net.layer(ops.Reshape(), net.image, shape=(1, 4))
    assert len(merge_equal_nodes(net.graph()).nodes) == 2

from netspec.ir import operations as ops
from netspec.passes.copies import remove_copies
from tests.ir.nets import Net


def test_reshapes_that_keep_the_shape_and_identities_are_dropped():
    net = Net((6,))
    net.layer(ops.Reshape(), shape=(6,))
    net.layer(ops.Activation("identity"))
    made = remove_copies(net.graph())
    assert made.nodes == ()
    assert [value.name for value in made.outputs] == ["input"]


def test_a_reshape_of_a_reshape_reads_the_first_ones_input():
    net = Net((2, 3, 4))
    net.layer(ops.Reshape(), shape=(24,))
    net.layer(ops.Reshape(), shape=(4, 6))
    assert [node.inputs[0].name for node in remove_copies(net.graph()).nodes] == ["input", "input"]


def test_a_reshape_there_and_back_is_no_reshape():
    net = Net((2, 3, 4))
    net.layer(ops.Reshape(), shape=(24,))
    net.layer(ops.Reshape(), shape=(2, 3, 4))
    net.activation("relu")
    made = remove_copies(net.graph())
    assert made.nodes[-1].inputs[0].name == "input"

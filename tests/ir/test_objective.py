import pytest

from netspec.ir import operations as ops
from netspec.ir.graph import Graph
from netspec.ir.objective import RESERVED, with_loss
from netspec.ir.verify import LOSS_LAYER, verify
from tests.ir.nets import Net


def net(name: str = "", image: tuple[int, ...] = (3,)) -> Graph:
    made = Net(image)
    made.layer(ops.Activation("tanh"), name=name)
    return made.graph()


def test_the_label_comes_in_and_the_sums_go_out():
    made = with_loss(net(), "hinge")
    verify(made)
    assert [value.name for value in made.inputs] == ["input", "label"]
    assert [value.name for value in made.outputs] == ["activation1", "loss", "correct"]
    assert [node.layer for node in made.nodes] == ["activation1", LOSS_LAYER]


@pytest.mark.parametrize("name", RESERVED)
def test_a_reserved_name_gives_way_in_values_but_not_in_layers(name):
    made = with_loss(net(name), "hinge")
    verify(made)
    assert made.outputs[0].name == f"{name}.output"
    assert (made.layers[1].name, made.layers[1].output.name) == (name, f"{name}.output")


def test_a_plane_is_flattened_before_the_loss():
    made = with_loss(net(image=(3, 1, 2)), "squared_error")
    verify(made)
    assert (made.outputs[0].name, made.outputs[0].shape) == ("activation1.flat", (6,))

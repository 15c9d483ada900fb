from dataclasses import replace

import pytest
from hypothesis import given

from netspec.autodiff.differentiate import training_step
from netspec.diagnostics.failure import CompilerBug
from netspec.ir import operations as ops
from netspec.ir.graph import Graph, Initial, Node, Parameter, Update, Value
from netspec.ir.operations import Window
from netspec.ir.recipe import Sgd
from netspec.ir.rewrite import with_nodes
from netspec.ir.verify import verify
from tests.ir.nets import Net, graphs

STEP_NODE = Node(ops.Activation("relu"), (Value("input", (2, 4, 4)),), (Value("more", (2, 4, 4)),), "activation2")


def net() -> Graph:
    made = Net((2, 4, 4))
    made.conv(3)
    made.activation("relu")
    made.dense(2)
    return made.graph()


def step() -> Graph:
    return training_step(net(), "cross_entropy", Sgd())


def refuse(graph: Graph, why: str) -> None:
    with pytest.raises(CompilerBug, match=why):
        verify(graph)


def changed(graph: Graph, place: int, **changes: object) -> Graph:
    """The graph with one node changed."""
    nodes = list(graph.nodes)
    nodes[place] = replace(nodes[place], **changes)
    return with_nodes(graph, nodes)


@given(graphs())
def test_random_nets_and_their_training_steps_are_well_formed(graph):
    verify(graph)
    verify(training_step(graph, "hinge", Sgd(momentum=0.5)))


def test_a_failure_names_the_node_and_prints_the_graph():
    with pytest.raises(CompilerBug) as found:
        verify(changed(net(), 2, inputs=net().nodes[2].inputs[:1]))
    assert "the kinds `x>x` are not `xww?>x`\nin the node: dense3 float32[N,2] = dense(activation2)" in str(found.value)
    assert "\n\nnet net\n    input      input float32[N,2,4,4]\n" in str(found.value)


def test_a_name_is_defined_once():
    refuse(
        with_nodes(net(), (*net().nodes, replace(STEP_NODE, outputs=(Value("dense3", (2, 4, 4)),)))), "defined twice"
    )
    parameter = Parameter(Value("input", (1,), False), Initial("zeros"))
    refuse(replace(net(), parameters=(*net().parameters, parameter)), "`input` is defined twice")


def test_a_value_is_defined_before_it_is_used():
    refuse(with_nodes(net(), net().nodes[::-1]), "`activation2` is used before it is defined")
    refuse(replace(net(), outputs=(Value("nowhere", (2,)),)), "`nowhere` is used before")


def test_a_value_is_the_same_wherever_it_is_used():
    wrong = (Value("input", (2, 4, 5)), *net().nodes[0].inputs[1:])
    refuse(changed(net(), 0, inputs=wrong), "`input` is used as .*5.* but made as .*4")


def test_shapes_follow_the_shape_rule():
    refuse(changed(net(), 1, outputs=(Value("activation2", (3, 2, 3)),)), r"the shape rule gives \(\(3, 2, 2\),\)")
    refuse(changed(net(), 0, operation=ops.Convolution(Window((2, 3)))), "shapes do not fit: weight")


def test_windows_and_borders_are_not_negative():
    refuse(changed(net(), 0, operation=ops.Convolution(Window((3, 3), after=(0, -1)))), "border below zero")
    refuse(changed(net(), 0, operation=ops.Convolution(Window((3, 3), stride=(0, 1)))), "size below one")


def test_a_parameter_has_no_batch_axis():
    parameters = tuple(replace(p, value=replace(p.value, batched=True)) for p in net().parameters)
    refuse(replace(net(), parameters=parameters), "a parameter or state is batched")


def test_a_loss_takes_whole_numbers_as_labels():
    graph = step()
    place = next(k for k, node in enumerate(graph.nodes) if isinstance(node.operation, ops.Loss))
    logits = graph.nodes[place].inputs[0]
    refuse(changed(graph, place, inputs=(logits, logits)), "the kinds `xx>ww` are not `xi>ww`")


def test_layers_hold_exactly_their_nodes_and_name_what_exists():
    graph = net()
    input_layer, conv, *rest = graph.layers
    refuse(replace(graph, layers=(input_layer, replace(conv, nodes=()), *rest)), "in the layer `convolution1`")
    refuse(replace(graph, layers=(input_layer, *rest)), "no layer is called `convolution1`")
    refuse(replace(graph, layers=(input_layer, conv, conv, *rest)), "two layers have the same name")
    refuse(replace(graph, layers=(input_layer, replace(conv, parameters=("w",)), *rest)), "not all exist")
    refuse(replace(graph, layers=(input_layer, replace(conv, parameters=()), *rest)), "it owns")
    refuse(replace(graph, layers=(input_layer, replace(conv, output=STEP_NODE.outputs[0]), *rest)), "`more` is used")


def test_updates_replace_parameters_once_by_arrays_of_their_shape():
    graph = step()
    first, second, *rest = graph.updates
    refuse(replace(graph, updates=(first, first)), "something is updated twice")
    refuse(replace(graph, updates=(Update(graph.inputs[0], first.new),)), "is no parameter or state")
    refuse(replace(graph, updates=(Update(first.old, second.new), *rest)), "cannot replace")
    refuse(replace(graph, updates=(Update(first.old, first.old),)), "no node makes it")


def test_an_old_value_is_not_read_once_the_new_one_is_made():
    graph = step()
    weight = graph.parameters[0].value
    late = Node(ops.Add(), (weight, weight), (Value("late", weight.shape, False),), "convolution1")
    refuse(with_nodes(graph, (*graph.nodes, late)), "is read after `layer1.weight.new`")

from dataclasses import replace

from hypothesis import given

from netspec.ir import operations as ops
from netspec.ir.graph import Graph, Value
from netspec.ir.rewrite import substitute, with_nodes
from netspec.ir.verify import verify
from tests.ir.nets import Net, graphs


def chain() -> Graph:
    net = Net((4,))
    net.dense(4, bias=False)
    net.activation("relu")
    return net.graph()


@given(graphs())
def test_a_graph_with_its_own_nodes_is_itself(graph):
    assert with_nodes(graph, graph.nodes) == graph


def test_each_layer_holds_the_nodes_that_name_it():
    graph = chain()
    made = with_nodes(graph, graph.nodes[:1])
    assert [layer.nodes for layer in made.layers] == [(), graph.nodes[:1], ()]


def test_a_value_is_replaced_wherever_it_stands():
    graph = chain()
    renamed = {value: replace(value, name=f"{value.name}.x") for value in activations(graph)}
    made = substitute(graph, renamed)
    verify(made)
    assert activations(made) == set(renamed.values())
    assert [layer.output for layer in made.layers] == [renamed[layer.output] for layer in graph.layers]
    assert substitute(made, {new: old for old, new in renamed.items()}) == graph


def activations(graph: Graph) -> set[Value]:
    return {*graph.inputs, *graph.outputs} | {value for node in graph.nodes for value in node.outputs}


def test_replacements_are_not_replaced_again():
    a, b = Value("input", (4,)), Value("dense1", (4,))
    made = substitute(chain(), {a: b, b: a})
    assert [node.inputs[0].name for node in made.nodes] == ["dense1", "input"]
    assert isinstance(made.nodes[1].operation, ops.Activation)

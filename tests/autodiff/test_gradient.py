"""The gradient of a value by another, image by image, beside finite differences and NumPy."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from netspec.autodiff.gradient import cotangent_of, with_gradient
from netspec.autodiff.probe import Probe, differences
from netspec.diagnostics.failure import CompilerBug
from netspec.ir import operations as ops
from netspec.ir.evaluate import evaluate
from netspec.ir.evaluate_context import Context
from netspec.ir.graph import Graph, Value
from netspec.ir.operations import Window
from netspec.passes.inference import inference
from tests.ir.nets import Net, feeds, graphs

SEED = st.integers(0, 2**32 - 1)


def gradients(
    graph: Graph, of: Value, by: Value, given: dict[str, np.ndarray], cotangent: np.ndarray, *, guided: bool = False
) -> np.ndarray:
    made = with_gradient(graph, of, by, guided=guided)
    return evaluate(made, {**given, cotangent_of(of).name: cotangent})[made.outputs[2].name]


def agrees(graph: Graph, of: Value, by: Value, given: dict[str, np.ndarray], cotangent: np.ndarray, place: int) -> bool:
    """Whether one number of the gradient is the slope of <cotangent, of> along one number of `by`."""
    made = with_gradient(graph, of, by)
    values = evaluate(made, {**given, cotangent_of(of).name: cotangent})
    gradient = float(values[made.outputs[2].name].flat[place])
    end = next((k for k, node in enumerate(made.nodes) if of in node.outputs), -1)
    begin = next((k for k, node in enumerate(made.nodes) if by in node.outputs), -1)
    nodes = made.nodes[begin + 1 : end + 1]
    probe = Probe(nodes, {of.name: cotangent}, chained=True)
    values[by.name] = np.array(values[by.name], order="C")
    found = list(differences(probe, values, by.name, place, Context(np.float64)))
    assume(found)
    scale = 1 + np.abs(cotangent).sum()
    return any(abs(each.slope - gradient) <= 1e-5 * abs(gradient) + 1e-7 * scale + 4 * each.noise for each in found)


@given(graphs(), st.data(), SEED, st.integers(1, 3))
def test_it_agrees_with_finite_differences_for_any_two_layers(graph, data, seed, images):
    of = data.draw(st.sampled_from(graph.layers)).output
    reached = _before(graph, of)
    by = data.draw(st.sampled_from([layer.output for layer in graph.layers if layer.output in reached]))
    rng = np.random.default_rng(seed)
    cotangent = rng.normal(size=(images, *of.shape))
    given = feeds(graph, images, seed)
    assert agrees(graph, of, by, given, cotangent, int(rng.integers(images * by.elements)))


def _before(graph: Graph, of: Value) -> set[Value]:
    """What `of` is made from, and itself."""
    reached = {of}
    for node in reversed(graph.nodes):
        if not reached.isdisjoint(node.outputs):
            reached.update(node.inputs)
    return reached


@given(graphs(), SEED)
def test_images_do_not_meet(graph, seed):
    """The gradient of an image is that of the image by itself: normalisation takes running statistics."""
    graph = inference(graph, None)
    given, of = feeds(graph, 3, seed), graph.outputs[0]
    cotangent = np.random.default_rng(seed).normal(size=(3, *of.shape))
    together = gradients(graph, of, graph.inputs[0], given, cotangent)
    alone = gradients(graph, of, graph.inputs[0], {**given, "input": given["input"][1:2]}, cotangent[1:2])
    np.testing.assert_allclose(together[1:2], alone, rtol=1e-9, atol=1e-12)


def rectified_net() -> Graph:
    net = Net((1, 5, 4))
    net.conv(3, before=(1, 1), after=(1, 1))
    net.activation("relu")
    net.dense(4)
    net.activation("relu6")
    net.dense(2)
    return net.graph()


def test_guided_gradients_are_those_of_numpy():
    graph = rectified_net()
    given = feeds(graph, 6, 3)
    given["input"] = given["input"] * 4
    cotangent = np.tile([1.0, 0.0], (6, 1))
    pixels = np.pad(given["input"][:, 0], ((0, 0), (1, 1), (1, 1)))
    kernel, first, last = given["layer1.weight"][:, 0], given["layer3.weight"], given["layer5.weight"]
    windows = np.lib.stride_tricks.sliding_window_view(pixels, (3, 3), axis=(1, 2))
    linear = np.einsum("nyxij,kij->nkyx", windows, kernel) + given["layer1.bias"][:, None, None]
    active = np.maximum(linear, 0)
    hidden = active.reshape(6, -1) @ first.T + given["layer3.bias"]
    by_hidden = np.maximum(cotangent @ last, 0) * ((hidden > 0) & (hidden < 6))
    by_active = np.maximum(by_hidden @ first, 0).reshape(active.shape) * (linear > 0)
    wanted = np.zeros((6, 7, 6))
    for i in range(3):
        for j in range(3):
            wanted[:, i : i + 5, j : j + 4] += np.einsum("nkyx,k->nyx", by_active, kernel[:, i, j])
    found = gradients(graph, graph.outputs[0], graph.inputs[0], given, cotangent, guided=True)
    plain = gradients(graph, graph.outputs[0], graph.inputs[0], given, cotangent)
    np.testing.assert_allclose(found[:, 0], wanted[:, 1:-1, 1:-1], rtol=1e-9, atol=1e-12)
    assert np.abs(found - plain).max() > 0.1


def test_other_activations_keep_their_derivative_under_the_guided_rule():
    net = Net((4,))
    net.dense(5)
    for function in ("leaky_relu", "elu", "gelu", "silu", "softplus", "sigmoid", "tanh"):
        net.activation(function)
    net.dense(2)
    graph = net.graph()
    given, cotangent = feeds(graph, 3, 1), np.ones((3, 2))
    pair = [gradients(graph, graph.outputs[0], graph.inputs[0], given, cotangent, guided=g) for g in (False, True)]
    np.testing.assert_array_equal(*pair)


def test_layers_behind_the_value_and_parameters_get_no_gradient():
    graph = rectified_net()
    of = graph.layers[1].output
    made = with_gradient(graph, of, graph.inputs[0])
    names = [node.outputs[0].name for node in made.nodes if "gradient" in node.outputs[0].name]
    assert names == ["input.gradient"]
    assert (made.inputs[1].name, made.outputs[2].name) == (f"{of.name}.cotangent", "input.gradient")


def test_a_value_is_differentiated_by_itself_to_its_cotangent():
    graph = rectified_net()
    cotangent = np.arange(12.0).reshape(6, 2)
    found = gradients(graph, graph.outputs[0], graph.outputs[0], feeds(graph, 6, 0), cotangent)
    np.testing.assert_array_equal(found, cotangent)


def test_a_value_that_does_not_depend_on_the_other_is_refused():
    graph = rectified_net()
    with pytest.raises(CompilerBug, match="does not depend on"):
        with_gradient(graph, graph.layers[1].output, graph.outputs[0])


def test_the_gradient_grows_with_the_depth_and_not_its_square():
    def nodes(depth: int) -> int:
        net = Net((2, 6, 6))
        for _ in range(depth):
            start = net.last
            net.conv(2, before=(1, 1), after=(1, 1))
            net.activation("relu")
            net.layer(ops.Add(), start, net.last)
            net.layer(ops.MaxPool(Window((3, 3), before=(1, 1), after=(1, 1))))
        net.dense(3)
        return len(with_gradient(net.graph(), net.last, net.image).nodes)

    assert nodes(40) - nodes(20) == nodes(60) - nodes(40)

"""Gradients of units by the kernels, beside finite differences of the oracle."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netspec.diagnostics.failure import CompilerBug, UsageError
from netspec.insight.gradients import gradient_engine, unit_gradients
from netspec.insight.net import BATCH
from netspec.insight.units import Unit, cotangent, unit_values
from netspec.ir.graph import Graph
from tests.counting.test_receptive import nets
from tests.insight.looking import graph_of, images_of, net_of, outputs_by_oracle, slope
from tests.kernels.backends import Backend
from tests.kernels.draws import FIRST_TARGETS, THREADS

ACTIVATIONS = ("relu", "relu6", "leaky_relu", "elu", "gelu", "silu", "softplus", "sigmoid", "tanh")
KINDS = (
    "conv 3 3x3 pad=1",
    "conv 5 3x2 stride=2x3 pad=1x0 dilate=1x2 nobias",
    "conv 4 5x5 pad=2 groups=2",
    "conv 3 1x1",
    "conv 3 9x7",
    "depthwise 3x3 stride=2 pad=1",
    "local 3 3x2 stride=2 pad=1",
    "deconv 3 3x3 stride=2 pad=1",
    "pool max 3x3 stride=2 round=ceil",
    "pool max 2x2",
    "pool max global",
    "pool avg 3x2 stride=2",
    "pool avg 3x3 stride=2 pad=1 count_pad",
    "pool avg global",
    "upsample 2; conv 2 2x2 stride=2",
    "batchnorm",
    "conv 3 3x3; batchnorm relu",
    "lrn size=3 alpha=0.5",
    "maxout 2",
    "dropout 0.5",
    "flatten",
    "softmax",
    "dense 5",
    "flatten; batchnorm; lrn size=3 alpha=0.5; softmax",
    "sum { conv 4 3x3 pad=1; batchnorm } {} relu",
    "concat { conv 2 3x3 pad=1 relu } { pool max 3x3 stride=1 pad=1 } {}; conv 2 1x1",
    "conv 4 3x3 pad=1 as here relu; conv 4 3x3 pad=1 tie=here; sum {} { use here }",
    *(f"conv 3 3x3 {function}; conv 2 3x3 pad=1" for function in ACTIVATIONS),
)
"""Every kind of layer, with odd sizes, strides and padding."""


def random_unit(graph: Graph, seed: int) -> Unit:
    """A unit of the last layer."""
    layer = graph.layers[-1]
    channels, *plane = layer.output.shape
    rng = np.random.default_rng(seed)
    return Unit(layer, int(rng.integers(channels)), tuple(int(rng.integers(size)) for size in plane) or None)


def strongest_unit(graph: Graph, images: int) -> Unit:
    """The unit of the last layer with the largest output: no rectifier behind it is at rest."""
    layer = graph.layers[-1]
    outputs = outputs_by_oracle(graph, layer.output, images_of(graph.inputs[0].shape, images))
    _, channel, *position = (int(place) for place in np.unravel_index(outputs.argmax(), outputs.shape))
    return Unit(layer, channel, tuple(position) or None)


def check(backend: Backend, graph: Graph, unit: Unit, images: int, **run: Any) -> tuple[int, float]:
    """Asserts that outputs are the oracle's, and that gradients are slopes at the largest and at random places; returns
    at how many, and the largest gradient."""
    with backend.few_kernels():
        net = net_of(backend, graph, **run)
        shown = images_of(net.shape, images)
        found = unit_gradients(net, [unit] * images, shown)
    wanted = outputs_by_oracle(graph, unit.layer.output, shown)
    np.testing.assert_allclose(found.outputs, wanted, rtol=0, atol=1e-5 * max(1, np.abs(wanted).max()))
    np.testing.assert_array_equal(found.by, shown)
    flat = found.gradients.reshape(-1)
    largest, compared = float(np.abs(flat).max()), 0
    rng = np.random.default_rng(images)
    for place in {int(np.abs(flat).argmax()), *rng.integers(flat.size, size=4).tolist()}:
        measured = slope(net, unit, shown, place)
        if measured is not None:
            assert abs(flat[place] - measured[0]) <= 1e-4 * largest + 1e-7 + 4 * measured[1], place
            compared += 1
    return compared, largest


@pytest.mark.parametrize("number", range(len(KINDS)), ids=KINDS.__getitem__)
def test_the_gradient_of_a_unit_is_its_slope(backend: Backend, number: int) -> None:
    graph = graph_of(f"input 2x9x7; conv 4 3x3 pad=1 tanh; {KINDS[number]}")
    images = (5, 3, 17, 2)[number % 4]
    run = {"target": number, "threads": 1 + number % 3}
    compared, largest = check(backend, graph, strongest_unit(graph, images), images, **run)
    assert compared >= 3
    assert largest > 1e-4


@settings(max_examples=12)
@given(nets(), FIRST_TARGETS, THREADS, st.integers(1, 20), st.integers(0, 999))
def test_of_any_net_too(backend: Backend, graph: Graph, target: int, threads: int, images: int, seed: int) -> None:
    check(backend, graph, random_unit(graph, seed), images, target=target, threads=threads)


def test_a_channel_is_its_mean_and_units_may_differ_from_image_to_image(backend: Backend) -> None:
    graph = graph_of("input 2x9x7; conv 4 3x3 pad=1 relu; conv 3 3x3")
    net, layer, images = net_of(backend, graph), graph.layers[-1], images_of((2, 9, 7), 3)
    units = [Unit(layer, 1, (2, 3)), Unit(layer, 2), Unit(layer, 0, (6, 0))]
    together = unit_gradients(net, units, images)
    for n, unit in enumerate(units):
        alone = unit_gradients(net, [unit], images[n : n + 1])
        np.testing.assert_allclose(together.gradients[n : n + 1], alone.gradients, rtol=0, atol=1e-6)
        weighed = (together.outputs[n] * cotangent(unit)).sum()
        assert unit_values(unit, together.outputs[n : n + 1])[0] == pytest.approx(weighed, rel=1e-5)


def test_the_guided_rule_is_that_of_numpy(backend: Backend) -> None:
    """Two convolutions of one position: matrices."""
    graph = graph_of("input 5; dense 7 relu; dense 6 relu; dense 3")
    net, images = net_of(backend, graph), images_of((5,), 9)
    names = [layer.name for layer in graph.layers[1:]]
    w1, w2, w3 = (net.weights[f"{name}.weight"].astype(float) for name in names)
    b1, b2, _ = (net.weights[f"{name}.bias"].astype(float) for name in names)
    first = images @ w1.T + b1
    second = np.maximum(first, 0) @ w2.T + b2
    by_second = np.maximum(np.tile(w3[1], (9, 1)), 0) * (second > 0)
    by_first = np.maximum(by_second @ w2, 0) * (first > 0)
    found = unit_gradients(net, [Unit(graph.layers[-1], 1)] * 9, images, guided=True)
    np.testing.assert_allclose(found.gradients, by_first @ w1, rtol=0, atol=1e-5)
    plain = unit_gradients(net, [Unit(graph.layers[-1], 1)] * 9, images)
    assert np.abs(plain.gradients - found.gradients).max() > 0.01


def test_an_engine_serves_more_images_than_its_batch_and_any_unit_of_its_layer(backend: Backend) -> None:
    graph = graph_of("input 2x6x5; conv 3 3x3 tanh; dense 4")
    net, images = net_of(backend, graph), images_of((2, 6, 5), 2 * BATCH + 3)
    engine = gradient_engine(net, graph.layers[-1], batch=BATCH)
    for channel in (0, 3):
        weights = np.repeat(cotangent(Unit(graph.layers[-1], channel))[None], len(images), axis=0)
        found = engine.take(images, weights)
        alone = unit_gradients(net, [Unit(graph.layers[-1], channel)], images[-1:])
        np.testing.assert_allclose(found.gradients[-1:], alone.gradients, rtol=0, atol=1e-6)
        assert found.outputs.shape == (len(images), 4)


def test_a_gradient_by_another_layer_goes_no_further(backend: Backend) -> None:
    graph = graph_of("input 2x6x5; conv 3 3x3 relu; dense 4")
    net, images = net_of(backend, graph), images_of((2, 6, 5), 4)
    conv, dense = graph.layers[1:]
    found = unit_gradients(net, [Unit(dense, 2)] * 4, images, by=conv)
    np.testing.assert_allclose(found.gradients.reshape(4, -1), np.tile(net.weights["dense1.weight"][2], (4, 1)))
    np.testing.assert_allclose(found.by, outputs_by_oracle(graph, conv.output, images), rtol=0, atol=1e-5)


def test_a_layer_that_the_unit_does_not_depend_on_is_refused(backend: Backend) -> None:
    graph = graph_of("input 2x6x5; conv 3 3x3 relu; dense 4")
    net = net_of(backend, graph)
    with pytest.raises(UsageError) as caught:
        unit_gradients(net, [Unit(graph.layers[1], 0)], images_of((2, 6, 5), 1), by=graph.layers[2])
    assert caught.value.code == "E479"


def test_units_of_two_layers_and_too_few_units_are_refused(backend: Backend) -> None:
    graph = graph_of("input 4; dense 4; dense 4")
    net, images = net_of(backend, graph), images_of((4,), 2)
    first, second = (Unit(layer, 0) for layer in graph.layers[1:])
    with pytest.raises(CompilerBug, match="units of one layer"):
        unit_gradients(net, [first, second], images)
    with pytest.raises(CompilerBug, match="1 cotangents for 2 images"):
        unit_gradients(net, [first], images)


@pytest.mark.parametrize("guided", [False, True])
def test_no_bit_depends_on_the_number_of_threads(backend: Backend, guided: bool) -> None:
    graph = graph_of("input 2x9x7; conv 4 3x3 pad=1; batchnorm relu; pool max 3x3 stride=2; dense 6 relu; dense 3")
    unit, images = Unit(graph.layers[-1], 1), images_of((2, 9, 7), 37)
    found = [
        unit_gradients(net_of(backend, graph, 0, threads), [unit] * 37, images, guided=guided) for threads in (1, 2, 3)
    ]
    for other in found[1:]:
        np.testing.assert_array_equal(other.outputs, found[0].outputs)
        np.testing.assert_array_equal(other.gradients, found[0].gradients)

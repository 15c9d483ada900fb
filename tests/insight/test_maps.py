"""Maps of layers, in one pass, beside the oracle."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netspec.compiler import forward_program, maps_graph
from netspec.insight.maps import look, maps_engine
from netspec.insight.net import BATCH
from netspec.ir.graph import Graph
from tests.counting.test_receptive import nets
from tests.insight.looking import graph_of, images_of, net_of, outputs_by_oracle, weights_of
from tests.kernels.backends import Backend
from tests.kernels.draws import FIRST_TARGETS, THREADS

NET = """input 2x9x7; conv 4 3x3 pad=1 relu; dropout 0.5; batchnorm; relu; sum { conv 4 1x1 } {} relu; pool max 2x2
    flatten; dropout 0.3; dense 6 tanh; dense 3"""


def check(backend: Backend, graph: Graph, images: int, target: int, threads: int) -> None:
    with backend.few_kernels():
        net = net_of(backend, graph, target, threads)
        shown = images_of(net.shape, images)
        found = look(net, shown)
    assert list(found) == [layer.name for layer in graph.layers]
    for layer in graph.layers:
        wanted = outputs_by_oracle(graph, layer.output, shown)
        tolerance = 1e-5 * max(1, np.abs(wanted).max())
        np.testing.assert_allclose(found[layer.name], wanted, rtol=0, atol=tolerance, err_msg=layer.name)
        assert found[layer.name].dtype == np.float32


@pytest.mark.parametrize("target", [0, 1, 2])
@pytest.mark.parametrize("images", [1, 3, BATCH, BATCH + 5])
def test_every_layer_gives_what_the_oracle_says(backend: Backend, images: int, target: int) -> None:
    check(backend, graph_of(NET), images, target, threads=1 + target)


@settings(max_examples=12)
@given(nets(), st.integers(1, 20), FIRST_TARGETS, THREADS)
def test_of_any_net(backend: Backend, graph: Graph, images: int, target: int, threads: int) -> None:
    check(backend, graph, images, target, threads)


def test_an_image_gives_the_same_bits_whatever_is_beside_it(backend: Backend) -> None:
    graph = graph_of(NET)
    engine = maps_engine(net_of(backend, graph), graph.layers)
    shown = images_of((2, 9, 7), 7)
    whole, part = engine.take(shown), engine.take(shown[4:6])
    for name, maps in part.items():
        np.testing.assert_array_equal(maps, whole[name][4:6])


def test_what_a_layer_does_not_need_is_neither_computed_nor_kept(backend: Backend) -> None:
    graph = graph_of("input 1x6x6; conv 2 3x3; dense 900; dense 900; dense 2")
    early = maps_graph(graph, (graph.layers[1].output,))
    assert [parameter.value.name for parameter in early.parameters] == ["conv1.weight", "conv1.bias"]
    program = forward_program(early, backend.targets[0], 1)
    assert [launch.layer for launch in program.launches] == ["conv1"]
    net = net_of(backend, graph)
    assert list(look(net, images_of((1, 6, 6), 2), graph.layers[1:2])) == ["conv1"]


def test_dropout_gives_what_it_was_given(backend: Backend) -> None:
    graph = graph_of("input 4; dropout 0.5; dense 3; dropout 0.5")
    shown = images_of((4,), 3)
    found = look(net_of(backend, graph), shown)
    np.testing.assert_array_equal(found["input"], shown)
    np.testing.assert_array_equal(found["dropout1"], shown)
    np.testing.assert_array_equal(found["dropout2"], found["dense1"])
    assert weights_of(graph).keys() == {"dense1.weight", "dense1.bias"}

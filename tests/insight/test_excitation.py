"""The strongest images of a channel, beside sorting all of them."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netspec.diagnostics.failure import CompilerBug
from netspec.insight.excitation import strongest
from netspec.insight.gradients import unit_gradients
from netspec.insight.maps import look
from netspec.insight.units import unit_crop, unit_values
from tests.insight.looking import graph_of, images_of, net_of
from tests.kernels.backends import Backend

NET = "input 2x9x7; conv 3 3x3 relu; pool max 2x2; conv 4 2x2; dense 5"


@settings(max_examples=10)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=4), st.integers(1, 12), st.sampled_from((1, 3, 4)))
def test_they_are_the_first_of_all_sorted(backend: Backend, sizes: list[int], count: int, number: int) -> None:
    graph = graph_of(NET)
    net, layer = net_of(backend, graph), graph.layers[number]
    images = images_of(net.shape, sum(sizes))
    ends = np.cumsum([0, *sizes])
    found = strongest(net, layer, (images[a:b] for a, b in pairwise(ends)), count)
    maps = look(net, images, [layer])[layer.name].reshape(len(images), layer.output.shape[0], -1)
    for channel in range(maps.shape[1]):
        peaks = maps[:, channel].max(axis=1)
        order = sorted(range(len(images)), key=lambda n: (-peaks[n], n))[:count]
        assert found.images[channel].tolist() == order
        np.testing.assert_allclose(found.values[channel], peaks[order], rtol=0, atol=1e-5)


def test_their_units_have_the_value_that_was_found_and_a_gradient_in_their_crop_alone(backend: Backend) -> None:
    graph = graph_of(NET)
    net, layer, images = net_of(backend, graph), graph.layers[3], images_of((2, 9, 7), 20)
    found = strongest(net, layer, [images], 4)
    units = found.units(2)
    shown = images[found.images[2]]
    outcome = unit_gradients(net, units, shown)
    for n, unit in enumerate(units):
        assert unit_values(unit, outcome.outputs[n : n + 1])[0] == pytest.approx(found.values[2, n], abs=1e-5)
        box = unit_crop(graph, unit)
        assert box is not None
        inside = np.zeros((9, 7), dtype=bool)
        inside[box.top : box.bottom, box.left : box.right] = True
        assert np.abs(outcome.gradients[n][:, ~inside]).max() < 1e-6
        assert np.abs(outcome.gradients[n][:, inside]).max() > 1e-3


def test_a_flat_vector_has_no_positions(backend: Backend) -> None:
    graph = graph_of(NET)
    found = strongest(net_of(backend, graph), graph.layers[4], [images_of((2, 9, 7), 5)], 2)
    assert found.images.shape == (5, 2)
    assert [unit.position for unit in found.units(4)] == [None, None]
    assert not found.positions.any()


def test_equal_images_come_in_their_order_and_of_equal_places_the_first(backend: Backend) -> None:
    graph = graph_of("input 1x4x4; pool max 2x2")
    images = np.ones((60, 1, 4, 4), np.float32)
    found = strongest(net_of(backend, graph), graph.layers[1], [images[:20], images[20:]], 19)
    assert found.images.tolist() == [list(range(19))]
    assert not found.positions.any()


def test_without_images_there_are_none(backend: Backend) -> None:
    graph = graph_of(NET)
    with pytest.raises(CompilerBug, match="no image"):
        strongest(net_of(backend, graph), graph.layers[1], [])

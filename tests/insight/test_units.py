"""A unit depends on its crop, and on no pixel outside of it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netspec.counting.field import Box
from netspec.diagnostics.failure import UsageError
from netspec.insight.gradients import unit_gradients
from netspec.insight.maps import look
from netspec.insight.net import Net
from netspec.insight.units import Unit, cotangent, unit_crop, unit_values
from netspec.ir.graph import Graph
from netspec.targets.cpu.costs import Costs
from netspec.targets.cpu.processor import AVX2, AVX512, CpuTarget
from netspec.targets.target import Target
from tests.counting.test_receptive import nets
from tests.insight.looking import Array, graph_of, images_of, net_of
from tests.kernels.backends import Backend
from tests.kernels.cpu.backend import CPU
from tests.kernels.draws import FIRST_TARGETS
from tests.kernels.harness import target_of


def exact(target: Target) -> Target:
    """The target without the algorithms that sum in tiles of a map."""
    return replace(target, exact=True) if isinstance(target, CpuTarget) else target


def outside(box: Box | None, images: Array) -> Array:
    """Which pixels are outside the crop, (H, W)."""
    marked = np.ones(images.shape[2:], dtype=bool)
    if box is not None:
        marked[box.top : box.bottom, box.left : box.right] = False
    return marked


def numbers(net: Net, unit: Unit, images: Array) -> tuple[Array, Array]:
    """The unit and its gradient."""
    outputs = look(net, images, [unit.layer])[unit.layer.name]
    return unit_values(unit, outputs), unit_gradients(net, [unit] * len(images), images).gradients


def changed(images: Array, where: Array) -> Array:
    others = 3 * images_of(images.shape[1:], len(images), seed=1)
    return np.where(where, others, images)


@st.composite
def units(draw: st.DrawFn) -> tuple[Graph, Unit]:
    """Any unit of any layer of a random net, the input included."""
    graph = draw(nets())
    layer = draw(st.sampled_from(graph.layers))
    channel, *position = (draw(st.integers(0, size - 1)) for size in layer.output.shape)
    return graph, Unit(layer, channel, tuple(position) if position and draw(st.booleans()) else None)


@settings(max_examples=12)
@given(units(), FIRST_TARGETS, st.integers(1, 18))
def test_pixels_outside_a_crop_have_no_gradient_and_change_no_bit(
    backend: Backend, drawn: tuple[Graph, Unit], target: int, images: int
) -> None:
    graph, unit = drawn
    with backend.few_kernels():
        net = net_of(backend, graph, exact(target_of(backend, target)))
        shown = images_of(net.shape, images)
        where = outside(unit_crop(graph, unit), shown)
        value, gradient = numbers(net, unit, shown)
        other_value, other_gradient = numbers(net, unit, changed(shown, where))
    assert not gradient[:, :, where].any()
    np.testing.assert_array_equal(other_value, value)
    np.testing.assert_array_equal(other_gradient, gradient)


LOCAL = "input 3x24x24; conv 16 3x3 pad=1 relu; pool max 2x2; batchnorm; conv 32 3x3 pad=1 relu; conv 32 5x5 pad=2"
"""A net whose crops are smaller than the image."""


@pytest.mark.parametrize("position", [(0, 0), (6, 5), (11, 11)])
def test_inside_the_crop_of_a_net_of_windows_there_are_gradients(backend: Backend, position: tuple[int, int]) -> None:
    graph = graph_of(LOCAL)
    unit, net = Unit(graph.layers[-1], 3, position), net_of(backend, graph, exact(target_of(backend, 0)))
    shown = images_of(net.shape, 2)
    where = outside(unit_crop(graph, unit), shown)
    assert where.sum() > 150
    _, gradient = numbers(net, unit, shown)
    assert not gradient[:, :, where].any()
    assert (gradient[:, :, ~where] != 0).any(axis=(0, 1)).mean() > 0.7


@pytest.mark.parametrize("target", [AVX512, AVX2], ids=lambda target: target.name)
def test_tiles_of_a_map_let_outside_pixels_in_by_rounding_alone(target: CpuTarget) -> None:
    graph = graph_of(LOCAL)
    unit, net = Unit(graph.layers[-1], 3, (6, 5)), net_of(CPU, graph, replace(target, costs=Costs(clearly=0.0)))
    shown = images_of(net.shape, 20)
    where = outside(unit_crop(graph, unit), shown)
    value, gradient = numbers(net, unit, shown)
    other_value, other_gradient = numbers(net, unit, changed(shown, where))
    scale = np.abs(gradient).max()
    assert 0 < np.abs(gradient[:, :, where]).max() <= 1e-5 * scale
    np.testing.assert_allclose(other_value, value, rtol=0, atol=1e-5 * np.abs(value).max())
    np.testing.assert_allclose(other_gradient, gradient, rtol=0, atol=1e-5 * scale)


def test_a_cotangent_weighs_one_number_or_a_channel_evenly() -> None:
    graph = graph_of("input 1x5x4; conv 3 2x2; dense 4")
    conv, dense = graph.layers[1:]
    at = cotangent(Unit(conv, 2, (3, 0)))
    assert (at.shape, at.sum(), at[2, 3, 0]) == ((3, 4, 3), 1, 1)
    mean = cotangent(Unit(conv, 1))
    assert (mean[1] == np.float32(1 / 12)).all()
    assert mean[[0, 2]].sum() == 0
    assert cotangent(Unit(dense, 3)).tolist() == [0, 0, 0, 1]


@pytest.mark.parametrize(
    ("layer", "channel", "position", "told"),
    [
        (1, 3, None, "`conv1` has no channel 3: it has 3, from 0"),
        (1, -1, None, "`conv1` has no channel -1"),
        (1, 0, (4, 0), "`conv1` has no position 4 x 0: its maps are 4 x 3, from 0"),
        (1, 0, (0, -1), "`conv1` has no position 0 x -1"),
        (2, 4, None, "`dense1` has no channel 4"),
        (2, 0, (0, 0), "`dense1` gives a flat vector"),
    ],
)
def test_a_number_that_a_layer_does_not_have_is_refused(
    layer: int, channel: int, position: tuple[int, int] | None, told: str
) -> None:
    graph = graph_of("input 1x5x4; conv 3 2x2; dense 4")
    with pytest.raises(UsageError) as caught:
        Unit(graph.layers[layer], channel, position)
    assert caught.value.code == "E479"
    assert told in caught.value.message

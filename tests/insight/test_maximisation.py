"""Images that excite a unit."""

import numpy as np
import pytest

from netspec.counting.field import Box
from netspec.insight.maximisation import Ascent, maximise, maximise_each
from netspec.insight.net import Net
from netspec.insight.units import Unit, unit_crop
from tests.insight.looking import graph_of, images_of, net_of, outputs_by_oracle
from tests.kernels.backends import Backend


def test_without_jitter_it_is_gradient_ascent(backend: Backend) -> None:
    """Beside a loop in NumPy, for a net whose gradient is known."""
    graph = graph_of("input 5; dense 3 tanh; dense 2")
    net = net_of(backend, graph)
    w1, w2 = (net.weights[f"dense{k}.weight"].astype(float) for k in (1, 2))
    b1, b2 = (net.weights[f"dense{k}.bias"].astype(float) for k in (1, 2))
    found = maximise(net, Unit(graph.layers[2], 1), 7, Ascent(steps=20, rate=0.2, decay=0.1, noise=0.5, starts=1))
    image = 0.5 * np.random.default_rng(7).standard_normal(5)
    values = []
    for _ in range(20):
        hidden = np.tanh(w1 @ image + b1)
        values.append(float(w2[1] @ hidden + b2[1]))
        gradient = (w2[1] * (1 - hidden**2)) @ w1
        image = 0.9 * image + 0.2 * gradient / np.sqrt((gradient**2).mean())
    np.testing.assert_allclose(found.image, image, rtol=0, atol=1e-4)
    np.testing.assert_allclose(found.values[:-1], values, rtol=0, atol=1e-4)


NET = "input 2x10x9; conv 4 3x3 pad=1 relu; conv 4 3x3; dense 3"


def test_the_unit_is_excited_more_than_by_noise_of_the_same_size(backend: Backend) -> None:
    graph = graph_of(NET)
    net = net_of(backend, graph)
    unit = Unit(graph.layers[3], 2)
    found = maximise(net, unit, 1, Ascent(steps=40))
    size = np.sqrt((found.image**2).mean())
    noise = size * images_of((2, 10, 9), 50)
    at_best = outputs_by_oracle(graph, unit.layer.output, noise)[:, 2].max()
    assert found.values[-1] > at_best
    assert found.values[-1] == pytest.approx(
        outputs_by_oracle(graph, unit.layer.output, found.image[None])[0, 2], abs=1e-3
    )
    assert 0.3 < size < 2.1


def test_a_seed_decides_every_bit(backend: Backend) -> None:
    graph = graph_of(NET)
    unit = Unit(graph.layers[2], 0, (3, 4))
    one, again, other = (
        maximise(net_of(backend, graph, threads=threads), unit, seed, Ascent(steps=5))
        for seed, threads in ((3, 1), (3, 2), (4, 1))
    )
    np.testing.assert_array_equal(one.image, again.image)
    np.testing.assert_array_equal(one.values, again.values)
    assert (one.image != other.image).any()


def test_without_jitter_only_the_crop_of_a_unit_changes_and_with_it_what_is_near(backend: Backend) -> None:
    graph = graph_of(NET)
    unit = Unit(graph.layers[2], 1, (4, 3))
    box = unit_crop(graph, unit)
    assert box == Box(3, 8, 2, 7)
    still, moved = (
        maximise(net_of(backend, graph), unit, 3, Ascent(steps=30, jitter=jitter, decay=0, noise=0.001)).image
        for jitter in (0, 1)
    )
    assert np.abs(still[:, :3]).max() < 0.01
    assert np.abs(still[:, 3:8, 2:7]).max() > 0.1
    assert np.abs(moved[:, :2]).max() < 0.01
    assert np.abs(moved[:, 2]).max() > 0.1


def test_a_rectified_unit_begins_where_it_is_not_at_rest(backend: Backend) -> None:
    graph = graph_of("input 3; dense 2 relu")
    net, unit = net_of(backend, graph), Unit(graph.layers[1], 0)
    deviation = 0.1 * np.linalg.norm(net.weights["dense1.weight"][0])
    rare = Net(graph, {**net.weights, "dense1.bias": np.full(2, -1.5 * deviation, np.float32)}, net.device)
    found = [maximise(rare, unit, seed, Ascent(steps=3)).values[0] > 0 for seed in range(8)]
    single = [maximise(rare, unit, seed, Ascent(steps=3, starts=1)).values[0] > 0 for seed in range(8)]
    assert sum(found) > sum(single)


def test_a_unit_at_rest_leaves_the_image_to_fade(backend: Backend) -> None:
    graph = graph_of("input 3; dense 2 relu")
    net = net_of(backend, graph)
    at_rest = Net(graph, {**net.weights, "dense1.bias": np.full(2, -100, np.float32)}, net.device)
    found = maximise(at_rest, Unit(graph.layers[1], 0), 0, Ascent(steps=10, decay=0.5, starts=1))
    begun = 0.1 * np.random.default_rng(0).standard_normal(3)
    np.testing.assert_allclose(found.image, begun / 1024, rtol=1e-5)
    assert not found.values.any()


def test_images_of_several_units_are_those_of_each_alone(backend: Backend) -> None:
    """More units than are worked on at a time; `stepped` hears of every image of every step."""
    graph = graph_of("input 1x5x5; conv 18 3x3; dense 3")
    net, units, heard = net_of(backend, graph), [Unit(graph.layers[1], k) for k in range(18)], []
    ascent = Ascent(steps=4, jitter=1)
    found = maximise_each(net, units, 5, ascent, heard.append)
    assert heard == [16] * 4 + [2] * 4
    assert len(found) == 18
    for k in (0, 17):
        one, alone = found[k], maximise(net, units[k], 5, ascent)
        np.testing.assert_allclose(one.image, alone.image, rtol=0, atol=1e-4)
        np.testing.assert_allclose(one.values, alone.values, rtol=0, atol=1e-4)


def test_a_unit_at_rest_is_told(backend: Backend) -> None:
    graph = graph_of("input 4; dense 2 relu; dense 2")
    net = net_of(backend, graph)
    net = Net(graph, {**net.weights, "dense1.bias": np.array([-100, 100], np.float32)}, net.device)
    resting, awake = maximise_each(net, [Unit(graph.layers[1], k) for k in range(2)], 0, Ascent(steps=3))
    assert (resting.at_rest, awake.at_rest) == (True, False)
    assert np.abs(resting.image).max() < np.abs(awake.image).max()

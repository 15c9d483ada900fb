"""Saliency, Grad-CAM and occlusion of a small net, beside a computation in NumPy that knows nothing of netspec."""

import numpy as np
import pytest

from netspec.diagnostics.failure import UsageError
from netspec.insight.attribution import grad_cam, occlusion, saliency
from netspec.insight.net import Net
from netspec.insight.units import Unit
from netspec.ir.graph import Graph
from tests.insight.looking import Array, graph_of, images_of, net_of
from tests.kernels.backends import Backend

SHAPE = (2, 8, 7)
NET = "input 2x8x7; conv 4 3x3 relu; conv 3 3x3 relu; dense 5"


@pytest.fixture
def graph() -> Graph:
    return graph_of(NET)


def windows(x: Array) -> Array:
    """(N, C, y, x, 3, 3)"""
    return np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(2, 3))


class Numpy:
    """The net of NET and its gradients, in float64."""

    def __init__(self, net: Net) -> None:
        w = {name: array.astype(np.float64) for name, array in net.weights.items()}
        self.kernels, self.biases = [w[f"conv{k}.weight"] for k in (1, 2)], [w[f"conv{k}.bias"] for k in (1, 2)]
        self.last, self.offset = w["dense1.weight"], w["dense1.bias"]

    def maps(self, images: Array) -> list[Array]:
        """Of both convolutions, activated."""
        made = [images.astype(np.float64)]
        for kernel, bias in zip(self.kernels, self.biases, strict=True):
            made.append(np.maximum(np.einsum("ncyxij,kcij->nkyx", windows(made[-1]), kernel) + bias[:, None, None], 0))
        return made[1:]

    def logits(self, images: Array) -> Array:
        return self.maps(images)[1].reshape(len(images), -1) @ self.last.T + self.offset

    def by_maps(self, images: Array, channel: int) -> list[Array]:
        """The gradients of a logit by the maps of both convolutions, and before them by the image."""
        first, second = self.maps(images)
        by_second = np.broadcast_to(self.last[channel].reshape(1, *second.shape[1:]), second.shape)
        by_first = _spread(by_second * (second > 0), self.kernels[1], first.shape)
        return [_spread(by_first * (first > 0), self.kernels[0], images.shape), by_first, by_second]


def _spread(dy: Array, kernel: Array, shape: tuple[int, ...]) -> Array:
    dx = np.zeros(shape)
    for i in range(3):
        for j in range(3):
            dx[:, :, i : i + dy.shape[2], j : j + dy.shape[3]] += np.einsum("nkyx,kc->ncyx", dy, kernel[:, :, i, j])
    return dx


def test_saliency_is_the_largest_gradient_of_a_pixel_s_channels(backend: Backend, graph: Graph) -> None:
    net, images = net_of(backend, graph), images_of(SHAPE, 3)
    found = saliency(net, Unit(graph.layers[-1], 2), images)
    by_image = Numpy(net).by_maps(images, 2)[0]
    assert found.shape == (3, 8, 7)
    np.testing.assert_allclose(found, np.abs(by_image).max(axis=1), rtol=0, atol=1e-5)


def test_saliency_of_a_flat_vector_is_of_its_numbers(backend: Backend) -> None:
    graph = graph_of("input 4; dense 3")
    net = net_of(backend, graph)
    found = saliency(net, Unit(graph.layers[1], 1), images_of((4,), 2))
    np.testing.assert_array_equal(found, np.tile(np.abs(net.weights["dense1.weight"][1]), (2, 1)))


@pytest.mark.parametrize("layer", [1, 2])
def test_grad_cam_weighs_maps_by_their_mean_gradient(backend: Backend, graph: Graph, layer: int) -> None:
    net, images = net_of(backend, graph), images_of(SHAPE, 4)
    own = Numpy(net)
    importance = own.by_maps(images, 3)[layer].mean(axis=(2, 3))
    wanted = np.maximum((importance[:, :, None, None] * own.maps(images)[layer - 1]).sum(axis=1), 0)
    found = grad_cam(net, Unit(graph.layers[-1], 3), graph.layers[layer], images)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5)
    assert 0 < (found > 0).mean() < 1


def test_occlusion_covers_patch_after_patch(backend: Backend, graph: Graph) -> None:
    net, images = net_of(backend, graph), images_of(SHAPE, 2)
    before = images.copy()
    found = occlusion(net, Unit(graph.layers[-1], 1), images, patch=(3, 2), stride=(2, 3), fill=0.5)
    own = Numpy(net)
    assert found.values.shape == (2, 3, 2)
    np.testing.assert_allclose(found.whole, own.logits(images)[:, 1], rtol=0, atol=1e-5)
    for row in range(3):
        for column in range(2):
            covered = images.copy()
            covered[:, :, 2 * row : 2 * row + 3, 3 * column : 3 * column + 2] = 0.5
            wanted = own.logits(covered)[:, 1]
            np.testing.assert_allclose(found.values[:, row, column], wanted, rtol=0, atol=1e-5)
    np.testing.assert_array_equal(images, before)


def test_a_patch_of_the_whole_image_has_one_place(backend: Backend, graph: Graph) -> None:
    net = net_of(backend, graph)
    found = occlusion(net, Unit(graph.layers[-1], 0), images_of(SHAPE, 1), patch=(8, 7))
    np.testing.assert_allclose(found.values[0], Numpy(net).logits(np.zeros((1, *SHAPE)))[:, :1], rtol=0, atol=1e-5)


@pytest.mark.parametrize("patch", [(9, 1), (1, 8), (0, 1)])
def test_a_patch_that_does_not_fit_is_refused(backend: Backend, graph: Graph, patch: tuple[int, int]) -> None:
    with pytest.raises(UsageError) as caught:
        occlusion(net_of(backend, graph), Unit(graph.layers[-1], 0), images_of(SHAPE, 1), patch=patch)
    assert caught.value.code == "E479"


def test_vectors_cannot_be_occluded_and_have_no_maps(backend: Backend) -> None:
    graph = graph_of("input 4; dense 3; dense 2")
    net, unit = net_of(backend, graph), Unit(graph.layers[2], 0)
    for ask in (
        lambda: occlusion(net, unit, images_of((4,), 1), patch=(1, 1)),
        lambda: grad_cam(net, unit, graph.layers[1], images_of((4,), 1)),
    ):
        with pytest.raises(UsageError) as caught:
            ask()
        assert caught.value.code == "E479"

"""A trained net that is looked into: sizes of patches and moves, falls of pixels, the layer of Grad-CAM."""

import numpy as np
import pytest

from netspec.data.dataset import Part
from netspec.insight.attribution import Occlusion
from netspec.insight.maps import look
from netspec.insight.net import Net
from netspec.insight.units import Unit
from netspec.predict.intake import Intake
from netspec.runtime.device import open_device
from netspec.train.use import looked
from netspec.train.use.looked import (
    Attribution,
    ascent_for,
    attributed,
    falls,
    occluding,
    output_layer,
    pixels,
)
from tests.insight.looking import graph_of, images_of, weights_of


def occluded(values: list[list[float]], whole: float, patch: tuple[int, int], stride: tuple[int, int]) -> Attribution:
    unit = Unit(graph_of("input 1x3x4; dense 2").layers[1], 0)
    found = Occlusion(np.array([values], np.float32), np.array([whole], np.float32))
    return Attribution(unit, whole, np.zeros((3, 4)), None, None, patch, stride, found)


def test_the_fall_of_a_pixel_is_the_mean_of_the_patches_over_it() -> None:
    found = occluded([[4.0, 5.0], [6.0, 9.0]], 10.0, (2, 2), (1, 2))
    expected = [[6, 6, 5, 5], [5, 5, 3, 3], [4, 4, 1, 1]]
    assert falls(found, (1, 3, 4)).tolist() == expected


def test_a_pixel_that_no_patch_covers_does_not_fall() -> None:
    assert falls(occluded([[4.0]], 10.0, (2, 3), (1, 2)), (1, 3, 4)).tolist() == [[6, 6, 6, 0], [6, 6, 6, 0], [0] * 4]


@pytest.mark.parametrize(
    ("shape", "patch", "stride", "jitter"),
    [
        ((3, 32, 32), (8, 8), (2, 2), 2),
        ((3, 224, 224), (56, 56), (14, 14), 2),
        ((1, 28, 20), (7, 5), (1, 1), 1),
        ((1, 8, 8), (2, 2), (1, 1), 0),
        ((1, 2, 1), (1, 1), (1, 1), 0),
        ((5,), (1, 1), (1, 1), 0),
    ],
)
def test_patches_and_moves_fit_the_image(
    shape: tuple[int, ...], patch: tuple[int, int], stride: tuple[int, int], jitter: int
) -> None:
    assert occluding(shape) == (patch, stride)
    assert (ascent_for(shape, 7).jitter, ascent_for(shape, 7).steps) == (jitter, 7)


def test_pixels_are_those_that_the_net_was_shown() -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 2, 4, 5), np.uint8)
    intake = Intake((2, 4, 5), (100.0, 20.0), (50.0, 3.0))
    assert pixels(intake.normal(images, (2, 4, 5)), intake) == pytest.approx(images.astype(float), abs=1e-3)


NET = (
    "input 1x8x8; conv 2 3x3 relu as a; concat { conv 2 1x1 as b } { conv 2 3x3 pad=1 as c }; pool max global; dense 3"
)


@pytest.mark.parametrize(
    ("named", "chosen"), [((), "concat1"), (("a",), "a"), (("c", "b", "pool1"), "b"), (("dense1", "input"), "concat1")]
)
def test_grad_cam_is_of_the_last_layer_with_maps_or_the_last_one_named(named: tuple[str, ...], chosen: str) -> None:
    graph = graph_of(NET)
    net = Net(graph, weights_of(graph), open_device())
    layers = {layer.name: layer for layer in graph.layers}
    unit = Unit(output_layer(graph), 1)
    found = attributed(net, unit, images_of((1, 8, 8), 1), [layers[name] for name in named])
    assert found.cam_layer is not None
    assert found.cam is not None
    assert (unit.layer.name, found.cam_layer.name) == ("dense1", chosen)
    assert found.cam.shape == layers[chosen].output.shape[1:]


@pytest.mark.parametrize(("read_bytes", "seen"), [(1 << 28, [40]), (4 * 64 * 20, [20, 40]), (0, [16, 32, 40])])
def test_a_part_is_read_in_pieces_of_a_bounded_size(
    read_bytes: int, seen: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Maps are of 36 numbers, images of 64. Which images excite a channel does not depend on the pieces."""
    monkeypatch.setattr(looked, "READ_BYTES", read_bytes)
    graph = graph_of("input 1x8x8; conv 1 3x3; dense 3")
    net, intake = Net(graph, weights_of(graph), open_device()), Intake((1, 8, 8), (0.0,), (1.0,))
    part = Part(images_of((1, 8, 8), 40), np.zeros(40, np.int32))
    heard: list[tuple[str, int, int]] = []
    (one,) = looked.excited(net, graph.layers[1], part, intake, 1, lambda *told: heard.append(told))
    assert heard == [("what excites conv1", count, 40) for count in seen]
    maps = look(net, part.images, [graph.layers[1]])["conv1"].reshape(40, -1)
    assert list(one.numbers) == np.argsort(-maps.max(axis=1), kind="stable")[:9].tolist()
    assert one.images == pytest.approx(part.images[list(one.numbers)])

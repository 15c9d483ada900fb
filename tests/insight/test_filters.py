"""Filters of convolutions, of local layers, and of dense layers on pixels."""

import numpy as np
import pytest

from netspec.diagnostics.failure import UsageError
from netspec.insight.filters import first_with_filters, layer_filters
from netspec.ir.graph import Layer
from tests.insight.looking import graph_of, weights_of


def filters_of(body: str, name: str) -> np.ndarray:
    graph = graph_of(body)
    return layer_filters(graph, weights_of(graph), layer_of(body, name))


def layer_of(body: str, name: str) -> Layer:
    return next(layer for layer in graph_of(body).layers if layer.name == name)


@pytest.mark.parametrize(
    ("body", "name", "shape"),
    [
        ("input 3x6x5; conv 4 3x2; dense 2", "conv1", (4, 3, 3, 2)),
        ("input 1x6x5; local 2 3x3; dense 2", "local1", (2, 4, 3, 1, 3, 3)),
        ("input 3x6x5; dense 4 relu; dense 2", "dense1", (4, 3, 6, 5)),
        ("input 1x6x5; dropout 0.5; flatten; dense 4", "dense1", (4, 1, 6, 5)),
    ],
)
def test_the_first_layer_on_pixels_has_filters(body: str, name: str, shape: tuple[int, ...]) -> None:
    assert first_with_filters(graph_of(body)).name == name
    assert filters_of(body, name).shape == shape


def test_the_filters_of_a_dense_layer_make_its_output() -> None:
    """Its output for an image is the sum over pixels of filter times pixel, and the bias."""
    body = "input 2x3x4; dense 5"
    graph, image = graph_of(body), np.random.default_rng(0).normal(size=(2, 3, 4))
    weights = weights_of(graph)
    flat = weights["dense1.weight"] @ image.ravel()
    assert np.einsum("kcyx,cyx->k", filters_of(body, "dense1"), image) == pytest.approx(flat)


@pytest.mark.parametrize("name", ["pool1", "dense2", "input"])
def test_layers_that_are_on_no_image_have_none(name: str) -> None:
    body = "input 1x8x8; conv 2 3x3; pool max 2x2; dense 4; dense 2"
    with pytest.raises(UsageError, match="has no filters") as raised:
        filters_of(body, name)
    assert raised.value.code == "E472"


def test_a_net_of_numbers_has_no_filters() -> None:
    with pytest.raises(UsageError, match="no layer with filters") as raised:
        first_with_filters(graph_of("input 4; dense 3 relu; dense 2"))
    assert raised.value.code == "E472"

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netspec.ir.graph import Shape
from netspec.ir.operations import Maxout, MaxoutGradient
from tests.kernels.backends import Backend
from tests.kernels.draws import gradient, runs, shapes, unary
from tests.kernels.harness import agree, expected, random_arrays


@given(shapes, st.integers(1, 4), runs())
def test_maxout_agrees_with_the_oracle(backend: Backend, shape: Shape, pieces: int, run: dict[str, Any]) -> None:
    graph = unary(Maxout(pieces), (shape[0] * pieces, *shape[1:]))
    agree(backend, graph, random_arrays(graph, run["images"]), 0, **run)


@given(shapes, st.integers(1, 4), runs())
def test_its_gradient_goes_to_the_first_largest(
    backend: Backend, shape: Shape, pieces: int, run: dict[str, Any]
) -> None:
    wide = (shape[0] * pieces, *shape[1:])
    graph = gradient(MaxoutGradient(pieces), {"x": wide, "y": shape}, shape, wide)
    arrays = random_arrays(graph, run["images"])
    arrays["x"] = np.round(arrays["x"])  # many ties
    arrays["y"] = arrays["x"].reshape(run["images"], shape[0], pieces, *shape[1:]).max(axis=2)
    agree(backend, graph, arrays, 0, **run)


def some_nan(shape: tuple[int, ...]) -> Any:
    """Random numbers (N, C, H, W), a quarter of them NaN."""
    generator = np.random.default_rng(5)
    return np.where(generator.random(shape) < 0.25, np.nan, generator.standard_normal(shape)).astype(np.float32)


def test_a_nan_in_any_piece_reaches_the_output(backend: Backend) -> None:
    graph, x = unary(Maxout(3), (6, 4, 5)), some_nan((20, 6, 4, 5))
    y = expected(graph, {"x": x})["y"]
    assert 0.4 < np.isnan(y).mean() < 0.8
    agree(backend, graph, {"x": x}, 0, images=20)


def test_the_gradient_goes_to_the_first_nan(backend: Backend) -> None:
    graph = gradient(MaxoutGradient(3), {"x": (6, 4, 5), "y": (2, 4, 5)}, (2, 4, 5), (6, 4, 5))
    arrays = {**random_arrays(graph, 20), "x": some_nan((20, 6, 4, 5))}
    arrays["y"] = arrays["x"].reshape(20, 2, 3, 4, 5).max(axis=2)
    agree(backend, graph, arrays, 0, images=20)

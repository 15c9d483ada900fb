from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netspec.ir.graph import Shape
from netspec.ir.operations import Maxout, MaxoutGradient
from tests.kernels.backends import Backend
from tests.kernels.draws import gradient, runs, shapes, unary
from tests.kernels.harness import agree, random_arrays


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

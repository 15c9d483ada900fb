from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netspec.ir.graph import Shape
from netspec.ir.operations import Dropout
from tests.kernels.backends import Backend
from tests.kernels.draws import runs, shapes, unary
from tests.kernels.harness import agree, expected, random_arrays, run_kernel

seeds = st.integers(0, 2**64 - 1)
steps = st.integers(0, 2**33)


@given(shapes, st.sampled_from((0.0, 0.1, 0.5, 0.99)), st.integers(0, 9), seeds, steps, runs())
def test_dropout_agrees_with_the_oracle(
    backend: Backend, shape: Shape, probability: float, stream: int, seed: int, step: int, run: dict[str, Any]
) -> None:
    graph = unary(Dropout(probability, stream), shape)
    agree(backend, graph, random_arrays(graph, run["images"]), 1e-6, seed=seed, step=step, **run)


@given(st.floats(0, 0.999), seeds, runs())
def test_dropout_keeps_just_the_elements_that_the_oracle_keeps(
    backend: Backend, probability: float, seed: int, run: dict[str, Any]
) -> None:
    graph = unary(Dropout(probability, 1), (301,))
    arrays = {"x": np.ones((run["images"], 301), np.float32)}
    found, wanted = run_kernel(backend, graph, arrays, seed=seed, **run), expected(graph, arrays, seed=seed)
    np.testing.assert_array_equal(found["y"] > 0, wanted["y"] > 0)

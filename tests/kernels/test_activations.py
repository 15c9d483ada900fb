from typing import Any, get_args

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netspec.ir.evaluate_elementwise import ACTIVATIONS
from netspec.ir.graph import Shape
from netspec.ir.operations import (
    RECTIFIERS,
    SAVES_INPUT,
    Activation,
    ActivationGradient,
    ActivationName,
    GuidedGradient,
)
from tests.kernels.backends import Backend
from tests.kernels.draws import gradient, runs, shapes, unary
from tests.kernels.harness import agree, random_arrays, run_kernel

functions = st.sampled_from(get_args(ActivationName))
slopes = st.sampled_from((0.0, 0.01, 0.3, 1.5))


@given(functions, slopes, shapes, runs())
def test_activations_agree_with_the_oracle(
    backend: Backend, function: ActivationName, slope: float, shape: Shape, run: dict[str, Any]
) -> None:
    graph = unary(Activation(function, slope), shape)
    arrays = random_arrays(graph, run["images"])
    arrays["x"] *= 4
    agree(backend, graph, arrays, 1e-6, **run)


@given(functions, slopes, shapes, runs())
def test_their_gradients_agree_with_the_oracle(
    backend: Backend, function: ActivationName, slope: float, shape: Shape, run: dict[str, Any]
) -> None:
    graph = gradient(ActivationGradient(function, slope), {"saved": shape}, shape, shape)
    arrays = random_arrays(graph, run["images"])
    arrays["saved"] *= 4
    if function not in SAVES_INPUT:
        arrays["saved"] = ACTIVATIONS[function](arrays["saved"].astype(np.float64), slope).astype(np.float32)
    agree(backend, graph, arrays, 2e-6, **run)


@given(st.sampled_from(sorted(RECTIFIERS)), shapes, runs())
def test_the_guided_rule_passes_a_gradient_where_unit_and_gradient_are_positive(
    backend: Backend, function: ActivationName, shape: Shape, run: dict[str, Any]
) -> None:
    graph = gradient(GuidedGradient(function), {"y": shape}, shape, shape)
    arrays = random_arrays(graph, run["images"])
    arrays["y"] = ACTIVATIONS[function](arrays["y"] * 6, 0.0)
    found = run_kernel(backend, graph, arrays, **run)["dx"]
    y, dy = arrays["y"], arrays["dy"]
    passes = (y > 0) & (dy > 0) & ((y < 6) | (function != "relu6"))
    np.testing.assert_array_equal(found, np.where(passes, dy, 0))
    agree(backend, graph, arrays, 0, **run)


@given(functions)
def test_nan_goes_through_every_activation(backend: Backend, function: ActivationName) -> None:
    graph = unary(Activation(function), (3,))
    found = run_kernel(backend, graph, {"x": np.full((2, 3), np.nan, np.float32)}, images=2)
    assert np.isnan(found["y"]).all()

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.ir.evaluate import evaluate
from netspec.ir.graph import Graph, Shape
from netspec.ir.operations import IDENTITY, Activation, BatchNormAddGradient, BatchNormGradient
from netspec.passes.optimize import optimize
from tests.ir.nets import feeds
from tests.kernels.backends import Backend
from tests.kernels.draws import runs, shapes
from tests.kernels.harness import agree, batched, filled_machine, one_operation, plain, random_arrays, run_kernel
from tests.kernels.test_batch_norm import ACTIVATIONS, training
from tests.passes.test_batch_norms import residual


def gradient(shape: Shape, function: Activation, terms: int) -> Graph:
    channels = (plain(name, shape[0]) for name in ("scale", "shift", "mean", "inverse"))
    outputs = (batched("dx", *shape), plain("dscale", shape[0]), plain("dshift", shape[0]))
    cotangents = (batched(f"dy{k}", *shape) for k in range(terms))
    return one_operation(BatchNormGradient(function), (batched("x", *shape), *channels, *cotangents), outputs)


def add_gradient(shape: Shape, function: Activation, terms: int) -> Graph:
    channels = (plain(name, shape[0]) for name in ("scale", "mean", "inverse"))
    outputs = (batched("dx", *shape), plain("dscale", shape[0]), plain("dshift", shape[0]), batched("dz", *shape))
    saved = () if function == IDENTITY else (batched("y", *shape),)
    cotangents = (batched(f"dy{k}", *shape) for k in range(terms))
    return one_operation(
        BatchNormAddGradient(function), (batched("x", *shape), *channels, *saved, *cotangents), outputs
    )


@pytest.mark.parametrize("make", [gradient, add_gradient])
@given(shapes, st.sampled_from(ACTIVATIONS), st.integers(1, 3), runs())
def test_gradients_agree_with_the_oracle(
    backend: Backend, make: Callable[..., Graph], shape: Shape, function: Activation, terms: int, run: dict[str, Any]
) -> None:
    graph = make(shape, function, terms)
    arrays = random_arrays(graph, run["images"])
    arrays["inverse"] = np.abs(arrays["inverse"])
    agree(backend, graph, arrays, 2e-5, **run)


@pytest.mark.parametrize("function", ACTIVATIONS, ids=lambda each: each.function)
def test_the_gradient_s_mask_is_that_of_the_value_made_forward(backend: Backend, function: Activation) -> None:
    """Where x is its mean but for rounding, both must round alike to be on the same side of zero."""
    forward, backward = training((3, 8, 8), function), gradient((3, 8, 8), function, 1)
    arrays = random_arrays(forward, 32)
    arrays["x"] = arrays["x"] * np.float32(1e-6) + np.float32(3)
    arrays["shift"][:] = 0
    made = run_kernel(backend, forward, arrays, images=32)
    passed = {"mean": made["batch_mean"], "inverse": made["inverse"], "dy0": np.ones_like(arrays["x"])}
    found = run_kernel(backend, backward, {**{k: arrays[k] for k in ("x", "scale", "shift")}, **passed}, images=32)
    slopes = np.where(made["y"] > 0, np.where(made["y"] < 6, 1.0, 0.0), function.slope)
    if function.function == "identity":
        slopes[:] = 1
    np.testing.assert_allclose(found["dshift"], slopes.sum(axis=(0, 2, 3)), rtol=1e-6)


@pytest.mark.parametrize("project", [False, True])
def test_in_place_in_a_residual_net_every_update_is_the_oracle_s(backend: Backend, project: bool) -> None:
    graph = optimize(residual("leaky_relu", project))
    given = feeds(graph, 21, 1)
    with backend.few_kernels():
        machine = filled_machine(backend, graph, 32, threads=2)
    for name, array in given.items():
        machine.write(name, array)
    backend.step(machine, 21)
    wanted = evaluate(graph, given)
    for update in graph.updates:
        found = machine.read(update.new.name)
        np.testing.assert_allclose(found, wanted[update.new.name], rtol=0, atol=1e-4, err_msg=update.new.name)

from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.ir.graph import Graph, Value
from netspec.ir.operations import Loss, LossGradient, LossName
from tests.kernels.backends import Backend
from tests.kernels.draws import runs
from tests.kernels.harness import agree, batched, one_operation, plain, random_arrays, run_kernel

functions = st.sampled_from(get_args(LossName))
LABEL = Value("label", (), True, "int32")


def summed(function: LossName, outputs: int) -> Graph:
    return one_operation(Loss(function), (batched("z", outputs), LABEL), (plain("loss"), plain("correct")))


def arrays_of(graph: Graph, images: int, spread: float, whole: bool) -> dict[str, Any]:
    """Logits, multiples of 1/2 where ties are wanted, and labels: 0 and 1 for one output, but for a single class. Some
    of `squared_error` with one output are other numbers."""
    arrays = random_arrays(graph, images)
    outputs = arrays["z"].shape[1]
    function = graph.nodes[0].operation.function
    classes = outputs if outputs > 1 or function == "cross_entropy" else 2
    classes += function == "squared_error" and outputs == 1
    arrays["z"] = np.round(arrays["z"] * 4) / 2 if whole else arrays["z"] * np.float32(spread)
    arrays["label"] = np.random.default_rng(2).integers(0, classes, images).astype(np.int32)
    return arrays


outputs = st.sampled_from((1, 2, 3, 10, 100))
spreads = st.sampled_from((0.1, 1.0, 30.0))


@given(functions, outputs, spreads, st.booleans(), runs())
def test_sums_agree_with_the_oracle(
    backend: Backend, function: LossName, outputs: int, spread: float, whole: bool, run: dict[str, Any]
) -> None:
    graph = summed(function, outputs)
    agree(backend, graph, arrays_of(graph, run["images"], spread, whole), 2e-6, **run)


@given(functions, outputs, spreads, st.booleans(), runs())
def test_gradients_agree_with_the_oracle(
    backend: Backend, function: LossName, outputs: int, spread: float, whole: bool, run: dict[str, Any]
) -> None:
    graph = one_operation(LossGradient(function), (batched("z", outputs), LABEL), (batched("dz", outputs),))
    agree(backend, graph, arrays_of(graph, run["images"], spread, whole), 2e-6, **run)


@pytest.mark.parametrize("function", get_args(LossName))
@pytest.mark.parametrize("outputs", [1, 3])
def test_a_net_that_diverged_shows_in_its_loss(backend: Backend, function: LossName, outputs: int) -> None:
    graph = summed(function, outputs)
    z = np.full((5, outputs), np.nan, np.float32)
    found = run_kernel(backend, graph, {"z": z, "label": np.zeros(5, np.int32)}, images=5)
    assert np.isnan(found["loss"])


@pytest.mark.parametrize("function", ["cross_entropy", "binary_cross_entropy"])
def test_large_logits_overflow_nowhere(backend: Backend, function: LossName) -> None:
    graph = summed(function, 2)
    arrays = {"z": np.array([[1e4, -1e4], [1e4, -1e4]], np.float32), "label": np.array([0, 1], np.int32)}
    agree(backend, graph, arrays, 1e-6, images=2)


@pytest.mark.parametrize("target", [0, 1, 2])
@pytest.mark.parametrize("function", ["squared_error", "binary_cross_entropy", "hinge"])
def test_one_output_is_right_where_it_is_on_the_side_of_the_label(
    backend: Backend, function: LossName, target: int
) -> None:
    boundary = 0.5 if function == "squared_error" else 0.0
    z = boundary + np.array([-1e9, -0.7, -1e-6, 0.0, 1e-6, 0.7, 1e9], np.float32)
    for label, right in ((0, 4), (1, 3), (2, 0)):
        arrays = {"z": z.astype(np.float32)[:, None], "label": np.full(len(z), label, np.int32)}
        found = run_kernel(backend, summed(function, 1), arrays, images=len(z), target=target)
        assert found["correct"] == right

"""Gradients of batch normalisation with more cotangents than one call adds, and with smooth activations."""

from collections.abc import Callable

import numpy as np
import pytest

from netspec.ir.graph import Graph
from netspec.ir.operations import Activation
from tests.kernels.backends import Backend
from tests.kernels.harness import agree, random_arrays
from tests.kernels.test_batch_norm_gradient import add_gradient, gradient

SHAPE = (3, 9, 9)


@pytest.mark.parametrize("make", [gradient, add_gradient])
@pytest.mark.parametrize("function", ["identity", "relu", "gelu", "tanh"])
@pytest.mark.parametrize("terms", [1, 4, 9])
def test_any_number_of_cotangents_is_added(gpu: Backend, make: Callable[..., Graph], function: str, terms: int) -> None:
    graph = make(SHAPE, Activation(function), terms)
    arrays = random_arrays(graph, 30)
    arrays["inverse"] = np.abs(arrays["inverse"])
    agree(gpu, graph, arrays, 2e-5, images=30, batch=70)

"""Where activations are flat, against the oracle's own derivative."""

import numpy as np
import pytest

from netspec.ir.operations import (
    Activation,
    ActivationName,
    AveragePool,
    Convolution,
    Dense,
    MaxPool,
    PooledConvolution,
    Window,
)
from netspec.train.watch.slope import LEAST_SLOPE, activation_of, can_be_flat, flat

INPUTS = np.linspace(-12, 12, 9601)
FUNCTIONS = {
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
}


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_a_function_is_flat_where_its_slope_is_below_a_hundredth(function: ActivationName) -> None:
    outputs = FUNCTIONS[function](INPUTS)
    slopes = np.gradient(outputs, INPUTS)
    told = np.array([flat(Activation(function), outputs[i : i + 1]) for i in range(1, len(INPUTS) - 1)])
    share = slopes[1:-1] / slopes.max()
    assert told[share < 0.98 * LEAST_SLOPE].all()
    assert not told[share > 1.02 * LEAST_SLOPE].any() or function.startswith("relu")
    assert not told[share > 0.6].any()
    assert can_be_flat(Activation(function))


def test_one_unit_with_a_slope_is_enough() -> None:
    outputs = np.zeros((3, 4), np.float32)
    assert flat(Activation("relu"), outputs)
    outputs[2, 1] = 1e-30
    assert not flat(Activation("relu"), outputs)


@pytest.mark.parametrize("function", ["identity", "leaky_relu", "elu", "gelu"])
def test_others_are_never_flat(function: ActivationName) -> None:
    assert not can_be_flat(Activation(function))
    assert not flat(Activation(function), np.zeros(3, np.float32))


def test_the_activation_of_a_fused_operation_is_found() -> None:
    relu = Activation("relu")
    convolution = Convolution(Window((3, 3)), 1, relu)
    for operation in (relu, Dense(relu), convolution, PooledConvolution(convolution, MaxPool(Window((2, 2), (2, 2))))):
        assert activation_of(operation) == relu
    assert activation_of(AveragePool(Window((2, 2)))).function == activation_of(None).function == "identity"

"""Activations and their derivatives. NaN passes through all of them: a comparison decides, never `max`."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

import math

from numba import float32

from netspec.kernels.cuda.language.jit import routine
from netspec.targets.cuda.sizes import ACTIVATIONS

IDENTITY, RELU, RELU6, LEAKY_RELU, ELU, GELU, SILU, SOFTPLUS, SIGMOID, TANH = range(len(ACTIVATIONS))
ROOT_HALF = math.sqrt(0.5)
DENSITY = 1.0 / math.sqrt(2.0 * math.pi)


@routine
def sigmoid(x):
    """1 / (1 + exp(-x)), without overflow on either side."""
    small = math.exp(-abs(x))
    return (float32(1) if x >= float32(0) else small) / (float32(1) + small) if x == x else x


@routine
def _normal_cdf(x):
    return float32(0.5) * math.erfc(-x * float32(ROOT_HALF))


@routine
def activate(x, function, slope):
    """The activation of number `function`; `slope` is leaky_relu's."""
    zero = float32(0)
    if function == RELU:
        return zero if x <= zero else x
    if function == RELU6:
        return zero if x <= zero else (float32(6) if x >= float32(6) else x)
    if function == LEAKY_RELU:
        return slope * x if x <= zero else x
    if function == ELU:
        return math.expm1(x) if x <= zero else x
    if function == GELU:
        return x * _normal_cdf(x)
    if function == SILU:
        return x * sigmoid(x)
    if function == SOFTPLUS:
        return (zero if x <= zero else x) + math.log1p(math.exp(-abs(x)))
    if function == SIGMOID:
        return sigmoid(x)
    if function == TANH:
        return math.tanh(x)
    return x


@routine
def derivative(saved, function, slope):
    """The derivative from the output, or for gelu and silu from the input."""
    zero, one = float32(0), float32(1)
    if function == RELU:
        return one if saved > zero else zero
    if function == RELU6:
        return one if saved > zero and saved < float32(6) else zero
    if function == LEAKY_RELU:
        return one if saved > zero else slope
    if function == ELU:
        return one if saved > zero else saved + one
    if function == GELU:
        return _normal_cdf(saved) + saved * math.exp(float32(-0.5) * saved * saved) * float32(DENSITY)
    if function == SILU:
        s = sigmoid(saved)
        return s * (one + saved * (one - s))
    if function == SOFTPLUS:
        return -math.expm1(-saved)
    if function == SIGMOID:
        return saved * (one - saved)
    if function == TANH:
        return one - saved * saved
    return one

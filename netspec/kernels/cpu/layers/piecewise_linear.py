"""Piecewise linear activations as two numbers: f(z) = min(upper, z if z > 0 else slope * z).

One loop of a kernel serves all of them, the identity included, without a branch on the function.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

import math

from netspec.ir.operations import Activation
from netspec.kernels.cpu.language.jit import routine
from netspec.kernels.cpu.language.vector import minimum, select

SLOPES = {"identity": 1.0, "relu": 0.0, "relu6": 0.0}
UPPER = {"relu6": 6.0}


def piecewise_linear_words(activation: Activation) -> tuple[float, float]:
    """(slope, upper) of a piecewise linear activation."""
    return SLOPES.get(activation.function, activation.slope), UPPER.get(activation.function, math.inf)


@routine
def piecewise_linear(z, slope, upper):
    """f(z); NaN stays NaN."""
    return minimum(upper, select(z > 0.0, z, z * slope))


@routine
def piecewise_linear_gradient(saved, dy, slope, upper):
    """dy * f'(z); `saved` may be z or f(z), which select the same piece."""
    return select(saved > 0.0, select(saved < upper, dy, 0.0), dy * slope)

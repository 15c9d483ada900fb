"""Activations made of straight pieces, as two numbers: f(z) = min(upper, z above zero, slope * z below).

So one loop of a kernel does for all of them, the identity included, and need not ask which one it is.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

import math

from netspec.ir.operations import Activation
from netspec.kernels.cpu.language.jit import routine
from netspec.kernels.cpu.language.vector import minimum, select

SLOPES = {"identity": 1.0, "relu": 0.0, "relu6": 0.0}
UPPER = {"relu6": 6.0}


def bend_words(activation: Activation) -> tuple[float, float]:
    """slope and upper bound of an activation in STRAIGHT"""
    return SLOPES.get(activation.function, activation.slope), UPPER.get(activation.function, math.inf)


@routine
def bend(z, slope, upper):
    """f(z); NaN goes through."""
    return minimum(upper, select(z > 0.0, z, z * slope))


@routine
def unbend(saved, dy, slope, upper):
    """dy * f'(z); `saved` is z or f(z), whose pieces are the same."""
    return select(saved > 0.0, select(saved < upper, dy, 0.0), dy * slope)

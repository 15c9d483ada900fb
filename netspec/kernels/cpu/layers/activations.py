"""Activations and their derivatives, on vectors inside other kernels and as kernels of their own."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

import math
from dataclasses import replace
from typing import NamedTuple

from netspec.ir.operations import Activation, ActivationName
from netspec.kernels.cpu.language.descriptor import Operand, Words, places
from netspec.kernels.cpu.language.elementwise import Cut, block, cut, elementwise_row
from netspec.kernels.cpu.language.jit import kernel, routine
from netspec.kernels.cpu.language.memory import real
from netspec.kernels.cpu.language.rows import Row, where
from netspec.kernels.cpu.language.tile import lanes
from netspec.kernels.cpu.language.vector import fma, load, maximum, minimum, select, store
from netspec.kernels.cpu.language.vector_math import (
    expm1_of_negative,
    normal_density,
    normal_distribution,
    sigmoid,
    softplus,
    tanh,
)
from netspec.targets.cpu.program import Buffer, Launch, Program

IDENTITY, RELU, RELU6, LEAKY_RELU, ELU, GELU, SILU, SOFTPLUS, SIGMOID, TANH = range(10)
CODES: dict[ActivationName, int] = {
    "identity": IDENTITY,
    "relu": RELU,
    "relu6": RELU6,
    "leaky_relu": LEAKY_RELU,
    "elu": ELU,
    "gelu": GELU,
    "silu": SILU,
    "softplus": SOFTPLUS,
    "sigmoid": SIGMOID,
    "tanh": TANH,
}
"""Code of a function in descriptors."""


BOUNDS: dict[ActivationName, tuple[float, float]] = {
    "identity": (-math.inf, math.inf),
    "relu": (0.0, math.inf),
    "relu6": (0.0, 6.0),
}
"""Functions that only bound their argument, from below and from above."""


class Activated(NamedTuple):
    """Words of `activation`."""

    cut: Cut
    x: Operand
    y: Operand
    code: int
    slope: float


class PulledBack(NamedTuple):
    """Words of `activation_gradient` and `guided_gradient`; `saved` is x for gelu and silu and f(x) for all others."""

    cut: Cut
    saved: Operand
    dy: Operand
    dx: Operand
    code: int
    slope: float


ACTIVATED, PULLED_BACK = places(Activated), places(PulledBack)


@routine
def activate(x, code, slope):
    """f(x) for the function of `code`; NaN stays NaN."""
    if code == RELU:
        return maximum(0.0, x)
    if code == SIGMOID:
        return sigmoid(x)
    if code == TANH:
        return tanh(x)
    if code == RELU6:
        return minimum(6.0, maximum(0.0, x))
    if code == LEAKY_RELU:
        return select(x > 0.0, x, x * slope)
    if code == ELU:
        return select(x > 0.0, x, expm1_of_negative(minimum(0.0, x)))
    if code == GELU:
        return x * normal_distribution(x)
    if code == SILU:
        return x * sigmoid(x)
    if code == SOFTPLUS:
        return softplus(x)
    return x


@routine
def pull_back(saved, dy, code, slope):
    """dy * f'(x); `saved` is x for gelu and silu and f(x) for all others."""
    if code == RELU:
        return select(saved > 0.0, dy, 0.0)
    if code == SIGMOID:
        return dy * (saved * (1.0 - saved))
    if code == TANH:
        return dy * fma(-saved, saved, 1.0)
    if code == RELU6:
        return select((saved > 0.0) & (saved < 6.0), dy, 0.0)
    if code == LEAKY_RELU:
        return select(saved > 0.0, dy, dy * slope)
    if code == ELU:
        return select(saved > 0.0, dy, dy * (saved + 1.0))
    if code == GELU:
        return dy * fma(saved, normal_density(saved), normal_distribution(saved))
    if code == SILU:
        rising = sigmoid(saved)
        return dy * (rising * fma(saved, 1.0 - rising, 1.0))
    if code == SOFTPLUS:
        return dy * -expm1_of_negative(-saved)
    return dy


@kernel
def activation(tile, arena, d: Words[Activated], state, begin, end, thread):
    code, slope = d[ACTIVATED.code], real(d, ACTIVATED.slope)
    for unit in range(begin, end):
        group, first, last = block(tile, d, unit)
        x, y = d[ACTIVATED.x.place] + group * d[ACTIVATED.x.group], d[ACTIVATED.y.place] + group * d[ACTIVATED.y.group]
        if code == RELU:
            for i in range(first, last, lanes(tile)):
                store(arena, y + i, maximum(0.0, load(tile, arena, x + i)))
        else:
            for i in range(first, last, lanes(tile)):
                store(arena, y + i, activate(load(tile, arena, x + i), code, slope))


@kernel
def activation_gradient(tile, arena, d: Words[PulledBack], state, begin, end, thread):
    code, slope = d[PULLED_BACK.code], real(d, PULLED_BACK.slope)
    for unit in range(begin, end):
        group, first, last = block(tile, d, unit)
        saved = d[PULLED_BACK.saved.place] + group * d[PULLED_BACK.saved.group]
        dy = d[PULLED_BACK.dy.place] + group * d[PULLED_BACK.dy.group]
        dx = d[PULLED_BACK.dx.place] + group * d[PULLED_BACK.dx.group]
        if code == RELU:
            for i in range(first, last, lanes(tile)):
                kept = load(tile, arena, saved + i) > 0.0
                store(arena, dx + i, select(kept, load(tile, arena, dy + i), 0.0))
        else:
            for i in range(first, last, lanes(tile)):
                before = load(tile, arena, saved + i)
                store(arena, dx + i, pull_back(before, load(tile, arena, dy + i), code, slope))


@kernel
def guided_gradient(tile, arena, d: Words[PulledBack], state, begin, end, thread):
    code = d[PULLED_BACK.code]
    for unit in range(begin, end):
        group, first, last = block(tile, d, unit)
        y = d[PULLED_BACK.saved.place] + group * d[PULLED_BACK.saved.group]
        dy = d[PULLED_BACK.dy.place] + group * d[PULLED_BACK.dy.group]
        dx = d[PULLED_BACK.dx.place] + group * d[PULLED_BACK.dx.group]
        for i in range(first, last, lanes(tile)):
            rising = maximum(0.0, load(tile, arena, dy + i))
            store(arena, dx + i, pull_back(load(tile, arena, y + i), rising, code, 0.0))


def activation_row(function: Activation, x: Buffer, y: Buffer, program: Program) -> Row:
    """A row for y = function(x); `y` may be `x`."""
    words = Activated(cut=cut(y, program), x=where(x), y=where(y), code=CODES[function.function], slope=function.slope)
    return replace(elementwise_row(activation, program, y, words), reads=(x,), writes=(y,))


def activation_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    assert isinstance(launch.operation, Activation)
    return (activation_row(launch.operation, launch.inputs[0], launch.outputs[0], program),)


def activation_gradient_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    words = _pulled_back(launch, program, launch.operation.slope)
    return (elementwise_row(activation_gradient, program, launch.outputs[0], words),)


def guided_gradient_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    words = _pulled_back(launch, program, 0.0)
    return (elementwise_row(guided_gradient, program, launch.outputs[0], words),)


def _pulled_back(launch: Launch, program: Program, slope: float) -> PulledBack:
    (saved, dy), (dx,) = launch.inputs, launch.outputs
    return PulledBack(
        cut=cut(dx, program),
        saved=where(saved),
        dy=where(dy),
        dx=where(dx),
        code=CODES[launch.operation.function],
        slope=slope,
    )

"""Activations that let no gradient through: where the function that made them is flat."""

from __future__ import annotations

from netspec.ir.operations import (
    IDENTITY,
    Activation,
    BatchNormTraining,
    Convolution,
    Deconvolution,
    Dense,
    Local,
    Operation,
    PooledConvolution,
)
from netspec.train.step.scores import Array

LEAST_SLOPE = 0.01
"""Sigmoid and tanh count as flat where their slope is below this share of the steepest one."""


def activation_of(operation: Operation | None) -> Activation:
    """The function that an operation applies to its output before it writes it."""
    match operation:
        case Activation():
            return operation
        case Convolution() | Deconvolution() | Local() | Dense() | BatchNormTraining():
            return operation.activation
        case PooledConvolution():  # the largest of what its activation gives: flat where all of them are
            return operation.convolution.activation
        case _:
            return IDENTITY


def can_be_flat(activation: Activation) -> bool:
    """Whether there are inputs at which `flat` holds."""
    return activation.function in ("relu", "relu6", "sigmoid", "tanh")


def flat(activation: Activation, outputs: Array) -> bool:
    """Whether every one of these outputs stands where the function is flat."""
    match activation.function:
        case "relu":
            return bool((outputs <= 0).all())
        case "relu6":
            return bool(((outputs <= 0) | (outputs >= 6)).all())
        case "sigmoid":
            return bool((4 * outputs * (1 - outputs) < LEAST_SLOPE).all())
        case "tanh":
            return bool((1 - outputs * outputs < LEAST_SLOPE).all())
        case _:
            return False

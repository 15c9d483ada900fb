"""Activations that pass no gradient: outputs where the activation function is flat."""

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
"""Sigmoid and tanh are flat where the slope is below this share of its maximum."""


def activation_of(operation: Operation | None) -> Activation:
    """The activation that an operation applies before it writes its output."""
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
    """Whether `flat` holds for any input."""
    return activation.function in ("relu", "relu6", "sigmoid", "tanh")


def flat(activation: Activation, outputs: Array) -> bool:
    """Whether the function is flat at every one of these outputs."""
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

"""The meaning of losses, their gradients, and the update."""

from __future__ import annotations

import numpy as np

from netspec.ir import operations as ops
from netspec.ir.evaluate_context import Array, Arrays, Context
from netspec.ir.evaluate_convolution import dense_weight_gradient
from netspec.ir.graph import Value
from netspec.ir.ranking import told_classes

Values = tuple[Value, ...]


def loss(op: ops.Loss, arrays: Arrays, _: Values, context: Context) -> Arrays:
    """Sums over the images of the loss and of how many are right; both of the float type.

    An image is right when the class that its logits name, by the rule of `ranking.py`, is its label.
    """
    logits, labels = arrays
    each = _each_loss(op, logits, targets_of(op, logits, labels)).sum()
    right = (told_classes(op.function, logits) == labels).sum()
    return np.asarray(each, context.dtype), np.asarray(right, context.dtype)


def loss_gradient(op: ops.LossGradient, arrays: Arrays, _: Values, __: Context) -> Arrays:
    """Of the mean over the images; at the kink of hinge the gradient of the flat side."""
    logits, labels = arrays
    targets = targets_of(op, logits, labels)
    return (_each_gradient(op, logits, targets) / len(logits),)


def targets_of(op: ops.Loss | ops.LossGradient, logits: Array, labels: Array) -> Array:
    """(n, k): one-hot; for a net of one output the label itself, for hinge -1 and 1 in place of 0 and 1."""
    outputs = logits.shape[1]
    if outputs > 1 or op.function == "cross_entropy":
        return np.asarray(labels[:, None] == np.arange(outputs), logits.dtype)
    numbers = labels[:, None].astype(logits.dtype)
    return 2 * numbers - 1 if op.function == "hinge" else numbers


def _each_loss(op: ops.Loss, logits: Array, targets: Array) -> Array:
    """(n,)"""
    match op.function:
        case "cross_entropy":
            return -(targets * _log_softmax(logits)).sum(axis=1)
        case "binary_cross_entropy":
            return (np.logaddexp(logits, 0) - targets * logits).sum(axis=1)
        case "squared_error":
            return 0.5 * ((logits - targets) ** 2).sum(axis=1)
        case "hinge":
            return np.maximum(hinge_margins(logits, targets), 0).sum(axis=1)


def _each_gradient(op: ops.LossGradient, logits: Array, targets: Array) -> Array:
    """(n, k)"""
    match op.function:
        case "cross_entropy":
            return np.exp(_log_softmax(logits)) - targets
        case "binary_cross_entropy":
            return np.exp(-np.logaddexp(-logits, 0)) - targets
        case "squared_error":
            return logits - targets
        case "hinge":
            counted = np.where(hinge_margins(logits, targets) > 0, 1.0, 0.0).astype(logits.dtype)
            return (
                -targets * counted if logits.shape[1] == 1 else counted - targets * counted.sum(axis=1, keepdims=True)
            )


def _log_softmax(logits: Array) -> Array:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def hinge_margins(logits: Array, targets: Array) -> Array:
    """How far each output is on the wrong side, (n, k): 1 - t*z, or 1 + z_j - z_y and 0 for the label's own."""
    if logits.shape[1] == 1:
        return 1 - targets * logits
    own = (logits * targets).sum(axis=1, keepdims=True)
    return (1 + logits - own) * (1 - targets)


def sgd_update(op: ops.SgdUpdate, arrays: Arrays, _: Values, context: Context) -> Arrays:
    """g += decay*w; v' = momentum*v + g; w' = w - rate*rate_factor*step, step being v', or with nesterov
    g + momentum*v', or without a velocity g."""
    weight, gradient, *velocity, rate = arrays
    pull = gradient + op.decay * weight
    if not velocity:
        return (np.asarray(weight - rate * op.rate_factor * pull, context.dtype),)
    moved = op.momentum * velocity[0] + pull
    step = pull + op.momentum * moved if op.nesterov else moved
    return np.asarray(weight - rate * op.rate_factor * step, context.dtype), moved


def dense_weight_update(op: ops.DenseWeightUpdate, arrays: Arrays, outputs: Values, context: Context) -> Arrays:
    x, dy, weight, *rest = arrays
    (gradient,) = dense_weight_gradient(ops.DenseWeightGradient(), (x, dy), outputs, context)
    return sgd_update(op.update, (weight, gradient, *rest), outputs, context)

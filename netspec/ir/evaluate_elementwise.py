"""The meaning of operations without weights or windows: activations, Maxout, Dropout, Softmax, and moving data."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from netspec.ir import operations as ops
from netspec.ir.evaluate_context import Array, Arrays, Context
from netspec.ir.graph import Value
from netspec.ir.operations import ActivationName
from netspec.ir.random import dropout_mask

Values = tuple[Value, ...]


def erf(x: Array) -> Array:
    """The error function, by the C library's, a number at a time."""
    return np.vectorize(math.erf, otypes=[np.float64])(x).astype(x.dtype)


def _sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)) without overflow on either side."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + small), small / (1 + small))


def _normal_cdf(x: Array) -> Array:
    return 0.5 * (1 + erf(x / math.sqrt(2)))


def _normal_density(x: Array) -> Array:
    return np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


ACTIVATIONS: Mapping[ActivationName, Callable[[Array, float], Array]] = {
    "identity": lambda x, slope: x,
    "relu": lambda x, slope: np.maximum(x, 0),
    "relu6": lambda x, slope: np.clip(x, 0, 6),
    "leaky_relu": lambda x, slope: np.where(x > 0, x, slope * x),
    "elu": lambda x, slope: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "gelu": lambda x, slope: x * _normal_cdf(x),
    "silu": lambda x, slope: x * _sigmoid(x),
    "softplus": lambda x, slope: np.logaddexp(x, 0),
    "sigmoid": lambda x, slope: _sigmoid(x),
    "tanh": lambda x, slope: np.tanh(x),
}
SLOPES: Mapping[ActivationName, Callable[[Array, float], Array]] = {
    # the derivative, of the output y, or of the input x for those in SAVES_INPUT; at a kink the smaller of the two
    "identity": lambda y, slope: np.ones_like(y),
    "relu": lambda y, slope: np.where(y > 0, 1.0, 0.0),
    "relu6": lambda y, slope: np.where((y > 0) & (y < 6), 1.0, 0.0),
    "leaky_relu": lambda y, slope: np.where(y > 0, 1.0, slope),
    "elu": lambda y, slope: np.where(y > 0, 1.0, y + 1),
    "gelu": lambda x, slope: _normal_cdf(x) + x * _normal_density(x),
    "silu": lambda x, slope: _sigmoid(x) * (1 + x * (1 - _sigmoid(x))),
    "softplus": lambda y, slope: -np.expm1(-y),
    "sigmoid": lambda y, slope: y * (1 - y),
    "tanh": lambda y, slope: 1 - y * y,
}


def activate(activation: ops.Activation, x: Array) -> Array:
    """The function applied, in the precision of `x`."""
    return ACTIVATIONS[activation.function](x, activation.slope)


def activation(op: ops.Activation, arrays: Arrays, _: Values, __: Context) -> Arrays:
    return (activate(op, arrays[0]),)


def activation_gradient(op: ops.ActivationGradient, arrays: Arrays, _: Values, __: Context) -> Arrays:
    saved, dy = arrays
    return (pull_back(ops.Activation(op.function, op.slope), saved, dy),)


def guided_gradient(op: ops.GuidedGradient, arrays: Arrays, _: Values, __: Context) -> Arrays:
    y, dy = arrays
    return (pull_back(ops.Activation(op.function), y, np.maximum(dy, 0)),)


def pull_back(activation: ops.Activation, saved: Array, dy: Array) -> Array:
    """dy times the function's derivative; `saved` is its input for those in SAVES_INPUT, else its output."""
    return dy * SLOPES[activation.function](saved, activation.slope).astype(dy.dtype)


def maxout(op: ops.Maxout, arrays: Arrays, _: Values, __: Context) -> Arrays:
    return (_in_pieces(arrays[0], op.pieces).max(axis=2),)


def maxout_gradient(op: ops.MaxoutGradient, arrays: Arrays, __: Values, ___: Context) -> Arrays:
    x, _, dy = arrays
    dx = np.zeros_like(x)
    first = np.expand_dims(_in_pieces(x, op.pieces).argmax(axis=2), 2)
    np.put_along_axis(_in_pieces(dx, op.pieces), first, np.expand_dims(dy, 2), axis=2)
    return (dx,)


def _in_pieces(x: Array, pieces: int) -> Array:
    """A view (n, c / pieces, pieces, ...) of neighbouring channels."""
    n, c, *rest = x.shape
    return x.reshape(n, c // pieces, pieces, *rest)


def dropout(op: ops.Dropout, arrays: Arrays, _: Values, context: Context) -> Arrays:
    x = arrays[0]
    size = math.prod(x.shape[1:])
    keep = dropout_mask(len(x), size, op.probability, seed=context.seed, step=context.step, stream=op.stream)
    return (np.where(keep.reshape(x.shape), x / (1.0 - op.probability), 0.0).astype(x.dtype),)


def reshape(_: ops.Reshape, arrays: Arrays, outputs: Values, __: Context) -> Arrays:
    return (arrays[0].reshape(-1, *outputs[0].shape),)


def softmax(_: ops.Softmax, arrays: Arrays, __: Values, ___: Context) -> Arrays:
    powers = np.exp(arrays[0] - arrays[0].max(axis=1, keepdims=True))
    return (powers / powers.sum(axis=1, keepdims=True),)


def softmax_gradient(_: ops.SoftmaxGradient, arrays: Arrays, __: Values, ___: Context) -> Arrays:
    y, dy = arrays
    return (y * (dy - (y * dy).sum(axis=1, keepdims=True)),)


def add(_: ops.Add, arrays: Arrays, __: Values, ___: Context) -> Arrays:
    """From left to right."""
    total = arrays[0]
    for x in arrays[1:]:
        total = total + x
    return (total,)


def concatenate(_: ops.Concatenate, arrays: Arrays, __: Values, ___: Context) -> Arrays:
    return (np.concatenate(arrays, axis=1),)


def slice_channels(op: ops.Slice, arrays: Arrays, _: Values, __: Context) -> Arrays:
    return (arrays[0][:, op.begin : op.end],)

"""The meaning of BatchNorm and LocalResponseNorm, and of their gradients."""

from __future__ import annotations

import numpy as np

from netspec.ir import evaluate_elementwise as elementwise
from netspec.ir import operations as ops
from netspec.ir.evaluate_context import Array, Arrays, Context
from netspec.ir.graph import Value

Values = tuple[Value, ...]


def batch_norm(op: ops.BatchNorm, arrays: Arrays, _: Values, __: Context) -> Arrays:
    x, scale, shift, mean, variance = arrays
    inverse = 1 / np.sqrt(variance + op.epsilon)
    return (_spread(scale * inverse, x) * (x - _spread(mean, x)) + _spread(shift, x),)


def batch_norm_input_gradient(op: ops.BatchNormInputGradient, arrays: Arrays, _: Values, __: Context) -> Arrays:
    dy, scale, variance = arrays
    return (_spread(scale / np.sqrt(variance + op.epsilon), dy) * dy,)


def batch_norm_training(op: ops.BatchNormTraining, arrays: Arrays, _: Values, __: Context) -> Arrays:
    """Normalises by the batch's own mean and biased variance; the running variance takes the unbiased one, which is
    taken as 0 where a channel has a single number."""
    x, scale, shift, mean, variance, *addend = arrays
    batch_mean, batch_variance = x.mean(axis=_all_but_channels(x)), x.var(axis=_all_but_channels(x))
    inverse = 1 / np.sqrt(batch_variance + op.epsilon)
    z = sum(addend, _normalised(x, scale, shift, batch_mean, inverse))
    count = x.size // x.shape[1]
    unbiased = batch_variance * (count / max(count - 1, 1))
    new_mean = op.momentum * mean + (1 - op.momentum) * batch_mean
    new_variance = op.momentum * variance + (1 - op.momentum) * unbiased
    return elementwise.activate(op.activation, z), batch_mean, inverse, new_mean, new_variance


def _normalised(x: Array, scale: Array, shift: Array, mean: Array, inverse: Array) -> Array:
    return _spread(scale * inverse, x) * (x - _spread(mean, x)) + _spread(shift, x)


def batch_norm_gradient(op: ops.BatchNormGradient, arrays: Arrays, _: Values, __: Context) -> Arrays:
    x, scale, shift, mean, inverse, *cotangents = arrays
    z = _normalised(x, scale, shift, mean, inverse)
    saved = z if op.activation.function in ops.SAVES_INPUT else elementwise.activate(op.activation, z)
    return _pulled_back(x, scale, mean, inverse, elementwise.pull_back(op.activation, saved, _total(cotangents)))


def batch_norm_add_gradient(op: ops.BatchNormAddGradient, arrays: Arrays, _: Values, __: Context) -> Arrays:
    x, scale, mean, inverse, *maps = arrays
    saved, cotangents = (x, maps) if op.activation == ops.IDENTITY else (maps[0], maps[1:])
    dz = elementwise.pull_back(op.activation, saved, _total(cotangents))
    return *_pulled_back(x, scale, mean, inverse, dz), dz


def _total(cotangents: list[Array]) -> Array:
    """From left to right."""
    return sum(cotangents[1:], cotangents[0])


def _pulled_back(x: Array, scale: Array, mean: Array, inverse: Array, dy: Array) -> Arrays:
    """dx, dscale, dshift. With h = (x - mean) * inverse and m numbers a channel:

    dx = scale * inverse * (dy - sum dy / m - h sum(dy h) / m)

    Ioffe and Szegedy, "Batch normalization", 2015, section 3.
    """
    axes, count = _all_but_channels(x), x.size // x.shape[1]
    normal = (x - _spread(mean, x)) * _spread(inverse, x)
    dshift, dscale = dy.sum(axis=axes), (dy * normal).sum(axis=axes)
    centred = dy - (_spread(dshift, x) + normal * _spread(dscale, x)) / count
    return _spread(scale * inverse, x) * centred, dscale, dshift


def _all_but_channels(x: Array) -> tuple[int, ...]:
    return (0, *range(2, x.ndim))


def _spread(channels: Array, x: Array) -> Array:
    """(c,) shaped to be broadcast against (n, c, ...)"""
    return channels.reshape(1, -1, *(1,) * (x.ndim - 2))


def local_response_norm(op: ops.LocalResponseNorm, arrays: Arrays, _: Values, __: Context) -> Arrays:
    x = arrays[0]
    return (x * _base(op, x) ** -op.beta,)


def local_response_norm_gradient(op: ops.LocalResponseNormGradient, arrays: Arrays, _: Values, __: Context) -> Arrays:
    """dx[c] = dy[c] s[c]^-beta - (2 alpha beta / size) x[c] * sum of dy[d] x[d] s[d]^(-beta-1) over all d whose
    neighbourhood holds c, s being the base of the power."""
    x, dy = arrays
    base = _base(op, x)
    spread = _neighbour_sum(dy * x * base ** (-op.beta - 1), (op.size - 1) // 2, op.size // 2)
    return (dy * base**-op.beta - (2 * op.alpha * op.beta / op.size) * x * spread,)


def _base(op: ops.LocalResponseNorm | ops.LocalResponseNormGradient, x: Array) -> Array:
    """k + alpha / size * sum of x^2 over channels c - size//2 to c + (size-1)//2, as far as they exist."""
    return op.k + op.alpha / op.size * _neighbour_sum(x * x, op.size // 2, (op.size - 1) // 2)


def _neighbour_sum(x: Array, below: int, above: int) -> Array:
    """Sums over channels c - below to c + above of x (n, c, ...)."""
    padded = np.pad(x, ((0, 0), (below, above), *((0, 0),) * (x.ndim - 2)))
    return np.stack([padded[:, d : d + x.shape[1]] for d in range(below + above + 1)]).sum(axis=0)

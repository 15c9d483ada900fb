"""Dense layers in plain form: a thread a number, every sum in one order."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from numba import float32, int32

from netspec.kernels.cuda.language.activation import activate
from netspec.kernels.cuda.language.jit import routine
from netspec.kernels.cuda.language.threads import place, quotient
from netspec.kernels.cuda.layers.update import descend


def dense(y, x, w, b, images, s, slope):
    """y[n,k] = activation(b[k] + sum over f of w[k,f] * x[n,f])"""
    t = place()
    if t >= images * s.outputs:
        return
    n = quotient(t, int32(s.outputs))
    k = int32(t - n * s.outputs)
    total = float32(0)
    for f in range(s.features):
        total += w[k * s.features + f] * x[n * s.features + f]
    if s.biased:
        total += b[k]
    y[t] = activate(total, s.activation, slope)


def dense_input_gradient(dx, dy, w, images, s):
    """dx[n,f] = sum over k of w[k,f] * dy[n,k]"""
    t = place()
    if t >= images * s.features:
        return
    n = quotient(t, int32(s.features))
    f = int32(t - n * s.features)
    total = float32(0)
    for k in range(s.outputs):
        total += w[k * s.features + f] * dy[n * s.outputs + k]
    dx[t] = total


@routine
def _weight_sum(x, dy, t, images, s):
    """sum over n of dy[n,k] * x[n,f] for weight t of (k, f)"""
    k = quotient(t, int32(s.features))
    f = int32(t - k * s.features)
    total = float32(0)
    for n in range(images):
        total += dy[n * s.outputs + k] * x[n * s.features + f]
    return total


def dense_weight_gradient(dw, x, dy, images, s):
    """dw[k,f] = sum over n of dy[n,k] * x[n,f]"""
    t = place()
    if t < s.outputs * s.features:
        dw[t] = _weight_sum(x, dy, t, images, s)


def dense_weight_update(w, v, x, dy, rate, images, s, u, rate_factor, decay, momentum):
    """Moves w[k,f] by its gradient, which is not stored."""
    t = place()
    if t < s.outputs * s.features:
        descend(w, v, t, _weight_sum(x, dy, t, images, s), rate[0], (rate_factor, decay, momentum), u)

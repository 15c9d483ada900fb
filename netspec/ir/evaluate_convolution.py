"""The meaning of layers with weights: Convolution, Deconvolution, Local, Dense, and their gradients.

Letters: n image, g group, c input channel, k output channel, y x output position, i j kernel position.
"""

from __future__ import annotations

import numpy as np

from netspec.ir import operations as ops
from netspec.ir.evaluate_context import Array, Arrays, Context, crop, pad, padded_zeros, taps
from netspec.ir.evaluate_elementwise import activate
from netspec.ir.graph import Value
from netspec.ir.operations import Window
from netspec.ir.shapes import window_output

Values = tuple[Value, ...]


def convolution(op: ops.Convolution, arrays: Arrays, _: Values, __: Context) -> Arrays:
    """y[n,k,y,x] = sum over c,i,j of w[k,c,i,j] * padded x[n,c,y*stride+i*dilation,x*stride+j*dilation], plus b[k]."""
    x, weight, *bias = arrays
    y = _correlate(x, weight, op.window, op.groups)
    return (activate(op.activation, _plus_channel_bias(y, bias)),)


def convolution_input_gradient(
    op: ops.ConvolutionInputGradient, arrays: Arrays, outputs: Values, context: Context
) -> Arrays:
    dy, weight = arrays
    return (_scatter(dy, weight, op.window, op.groups, outputs[0], context),)


def convolution_weight_gradient(op: ops.ConvolutionWeightGradient, arrays: Arrays, _: Values, __: Context) -> Arrays:
    x, dy = arrays
    k, c = dy.shape[1], x.shape[1]
    dweight = np.zeros((k, c // op.groups, *op.window.kernel), x.dtype)
    cotangent = _by_group(dy, op.groups)
    for i, j, seen in taps(op.window, pad(x, op.window)):
        products = cotangent @ _by_group(seen, op.groups).swapaxes(-1, -2)  # n g k c
        dweight[:, :, i, j] = products.sum(axis=0).reshape(k, -1)
    return (dweight,)


def deconvolution(op: ops.Deconvolution, arrays: Arrays, outputs: Values, context: Context) -> Arrays:
    """The input gradient of a Convolution of the same window, which has x's channels as its outputs, plus b[k]."""
    x, weight, *bias = arrays
    y = _scatter(x, weight, op.window, 1, outputs[0], context)
    return (activate(op.activation, _plus_channel_bias(y, bias)),)


def _correlate(x: Array, weight: Array, window: Window, groups: int) -> Array:
    """Groups are rows of a matrix product: (g, k, c) @ (n, g, c, yx)."""
    by_tap = _by_tap(weight, groups)
    rows, columns = window_output(window, (x.shape[2], x.shape[3]))
    y = np.zeros((x.shape[0], weight.shape[0], rows, columns), x.dtype)
    for i, j, seen in taps(window, pad(x, window)):
        y += (by_tap[i, j] @ _by_group(seen, groups)).reshape(y.shape)
    return y


def _scatter(dy: Array, weight: Array, window: Window, groups: int, dx: Value, context: Context) -> Array:
    """Adds every dy[n,k,y,x] * w[k,c,i,j] where the forward pass read x from, and cuts off what fell on the border."""
    by_tap = _by_tap(weight, groups)
    padded = padded_zeros(dx, dy.shape[0], window, context.dtype)
    for i, j, seen in taps(window, padded):
        seen += (by_tap[i, j].swapaxes(1, 2) @ _by_group(dy, groups)).reshape(seen.shape)
    return crop(padded, window, (dx.shape[1], dx.shape[2]))


def _by_tap(weight: Array, groups: int) -> Array:
    """(k, c, i, j) as (i, j, g, k, c), contiguous: matrices that BLAS takes."""
    k, c, kh, kw = weight.shape
    return np.ascontiguousarray(weight.reshape(groups, k // groups, c, kh, kw).transpose(3, 4, 0, 1, 2))


def _by_group(x: Array, groups: int) -> Array:
    """(n, c, h, w) as (n, g, c, hw)"""
    n, c, h, w = x.shape
    return x.reshape(n, groups, c // groups, h * w)


def _plus_channel_bias(y: Array, bias: list[Array]) -> Array:
    return y + bias[0][None, :, None, None] if bias else y


def local(op: ops.Local, arrays: Arrays, _: Values, __: Context) -> Arrays:
    """A Convolution whose weights, w[k,y,x,c,i,j], and bias, b[k,y,x], are the output position's own."""
    x, weight, *bias = arrays
    y = np.zeros((len(x), *weight.shape[:3]), x.dtype)
    for i, j, seen in taps(op.window, pad(x, op.window)):
        y += np.einsum("ncyx,kyxc->nkyx", seen, weight[..., i, j])
    return (activate(op.activation, y + bias[0] if bias else y),)


def local_input_gradient(op: ops.LocalInputGradient, arrays: Arrays, outputs: Values, context: Context) -> Arrays:
    dy, weight = arrays
    padded = padded_zeros(outputs[0], dy.shape[0], op.window, context.dtype)
    for i, j, seen in taps(op.window, padded):
        seen += np.einsum("nkyx,kyxc->ncyx", dy, weight[..., i, j])
    _, h, w = outputs[0].shape
    return (crop(padded, op.window, (h, w)),)


def local_weight_gradient(op: ops.LocalWeightGradient, arrays: Arrays, outputs: Values, _: Context) -> Arrays:
    x, dy = arrays
    dweight = np.zeros(outputs[0].shape, x.dtype)
    for i, j, seen in taps(op.window, pad(x, op.window)):
        dweight[..., i, j] = np.einsum("ncyx,nkyx->kyxc", seen, dy)
    return (dweight,)


def dense(op: ops.Dense, arrays: Arrays, outputs: Values, __: Context) -> Arrays:
    """y[n,k] = sum over features of w[k,f] * x[n,f], plus b[k]; features are x's numbers in C, H, W order."""
    x, weight, *bias = arrays
    y = _flat(x) @ _flat(weight).T
    return (activate(op.activation, y + bias[0] if bias else y).reshape(-1, *outputs[0].shape),)


def dense_input_gradient(_: ops.DenseInputGradient, arrays: Arrays, outputs: Values, __: Context) -> Arrays:
    dy, weight = arrays
    return ((_flat(dy) @ _flat(weight)).reshape(-1, *outputs[0].shape),)


def dense_weight_gradient(_: ops.DenseWeightGradient, arrays: Arrays, outputs: Values, ___: Context) -> Arrays:
    x, dy = arrays
    return ((_flat(dy).T @ _flat(x)).reshape(outputs[0].shape),)


def _flat(array: Array) -> Array:
    return array.reshape(len(array), -1)


def channel_sum(_: ops.ChannelSum, arrays: Arrays, __: Values, ___: Context) -> Arrays:
    """db[k] = sum of dy[n,k,...] over images and positions"""
    dy = arrays[0]
    return (dy.sum(axis=(0, *range(2, dy.ndim))),)


def batch_sum(_: ops.BatchSum, arrays: Arrays, __: Values, ___: Context) -> Arrays:
    return (arrays[0].sum(axis=0),)

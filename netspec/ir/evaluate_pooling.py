"""The meaning of pooling and its inverse: MaxPool, AveragePool, Upsample, and their gradients."""

from __future__ import annotations

import numpy as np

from netspec.ir import operations as ops
from netspec.ir.evaluate_context import Array, Arrays, Context, crop, pad, padded_zeros, taps
from netspec.ir.evaluate_convolution import convolution
from netspec.ir.graph import Value
from netspec.ir.operations import Pair, Window
from netspec.ir.shapes import window_output

Values = tuple[Value, ...]


def max_pool(op: ops.MaxPool, arrays: Arrays, outputs: Values, _: Context) -> Arrays:
    """The largest real pixel of each window, and where the node asks for it, the tap i*kw+j of the first such."""
    seen = np.stack([view for _, _, view in taps(op.window, pad(arrays[0], op.window, -np.inf))])
    y = seen.max(axis=0)
    return (y, seen.argmax(axis=0).astype(np.int32)) if len(outputs) == 2 else (y,)


def pooled_convolution(op: ops.PooledConvolution, arrays: Arrays, outputs: Values, context: Context) -> Arrays:
    return max_pool(op.pool, convolution(op.convolution, arrays, (), context), outputs, context)


def max_pool_gradient(op: ops.MaxPoolGradient, arrays: Arrays, outputs: Values, context: Context) -> Arrays:
    index, dy = arrays
    padded = padded_zeros(outputs[0], len(dy), op.window, context.dtype)
    for i, j, seen in taps(op.window, padded):
        seen += np.where(index == i * op.window.kernel[1] + j, dy, 0)
    _, h, w = outputs[0].shape
    return (crop(padded, op.window, (h, w)),)


def average_pool(op: ops.AveragePool, arrays: Arrays, _: Values, __: Context) -> Arrays:
    x = arrays[0]
    seen = np.stack([view for _, _, view in taps(op.window, pad(x, op.window))])
    return ((seen.sum(axis=0) / _counted(op.window, x.shape[2:], op.count_pad)).astype(x.dtype),)


def average_pool_gradient(op: ops.AveragePoolGradient, arrays: Arrays, outputs: Values, context: Context) -> Arrays:
    _, h, w = outputs[0].shape
    share = arrays[0] / _counted(op.window, (h, w), op.count_pad)
    padded = padded_zeros(outputs[0], len(share), op.window, context.dtype)
    for _, _, seen in taps(op.window, padded):
        seen += share.astype(context.dtype)
    return (crop(padded, op.window, (h, w)),)


def _counted(window: Window, size: tuple[int, ...], count_pad: bool) -> Array:
    """Pixels that each average divides by, (oh, ow): the taps inside the image, or inside the image with `before`
    pixels around it on all sides. Rows and columns are independent, so it is an outer product."""
    h, w = size
    out = window_output(window, (h, w))
    rows, columns = (_counted_along(axis, window, (h, w), out, count_pad) for axis in (0, 1))
    return np.outer(rows, columns)


def _counted_along(axis: int, window: Window, size: Pair, out: Pair, count_pad: bool) -> Array:
    border = window.before[axis] if count_pad else 0
    starts = np.arange(out[axis]) * window.stride[axis] - window.before[axis]
    places = starts[:, None] + np.arange(window.kernel[axis])[None, :] * window.dilation[axis]
    return ((places >= -border) & (places < size[axis] + border)).sum(axis=1)


def upsample(op: ops.Upsample, arrays: Arrays, _: Values, __: Context) -> Arrays:
    """y[n,c,y,x] = x[n,c,y//factor,x//factor]"""
    return (arrays[0].repeat(op.factor, axis=2).repeat(op.factor, axis=3),)


def upsample_gradient(op: ops.UpsampleGradient, arrays: Arrays, outputs: Values, _: Context) -> Arrays:
    c, h, w = outputs[0].shape
    return (arrays[0].reshape(-1, c, h, op.factor, w, op.factor).sum(axis=(3, 5)),)

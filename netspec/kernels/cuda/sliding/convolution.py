"""Convolution and its gradients in plain form: a thread a number, every sum in one order.

Thread t of an output (N, k, oh, ow) computes number t. Sizes are a `Windows`; where it is not `biased`, b is unused.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from numba import float32, int32

from netspec.kernels.cuda.language.activation import activate
from netspec.kernels.cuda.language.jit import routine
from netspec.kernels.cuda.language.threads import place, quotient, remainder


@routine
def plane_and_position(t, height, width):
    """Number t of (planes, height, width) as plane, row and column."""
    plane = quotient(t, int32(height * width))
    position = int32(t - plane * height * width)
    row = quotient(position, int32(width))
    return plane, row, int32(position - row * width)


@routine
def output_seeing(start, stride, size):
    """Number of the output, of `size` along an axis, whose window begins at `start`, counted from the padding on, and
    whether there is one."""
    begin = int32(start)
    out = quotient(begin, int32(stride))
    return out, begin >= 0 and out * stride == begin and out < size


def convolution(y, x, w, b, images, s, slope):
    """y[n,k,y,x] = activation(b[k] + sum over c,i,j of w[k,c,i,j] * x[n,c,...])"""
    t = place()
    if t >= images * s.k * s.oh * s.ow:
        return
    plane, row, column = plane_and_position(t, s.oh, s.ow)
    n = quotient(plane, int32(s.k))
    k = int32(plane - n * s.k)
    channels = quotient(int32(s.c), int32(s.groups))
    first = quotient(k, quotient(int32(s.k), int32(s.groups))) * channels
    total = float32(0)
    for c in range(channels):
        source = (n * s.c + first + c) * s.h * s.w
        weight = (k * channels + c) * s.kh * s.kw
        for i in range(s.kh):
            y_in = row * s.stride_y + i * s.dilation_y - s.before_y
            if y_in < 0 or y_in >= s.h:
                continue
            for j in range(s.kw):
                x_in = column * s.stride_x + j * s.dilation_x - s.before_x
                if x_in >= 0 and x_in < s.w:
                    total += w[weight + i * s.kw + j] * x[source + y_in * s.w + x_in]
    if s.biased:
        total += b[k]
    y[t] = activate(total, s.activation, slope)


def convolution_input_gradient(dx, dy, w, b, images, s, slope):
    """dx[n,c,y,x] = sum over k,i,j of w[k,c,i,j] * dy[n,k,...], at the output positions whose tap (i, j) saw (y, x).

    A deconvolution is the same with a bias of c numbers and an activation.
    """
    t = place()
    if t >= images * s.c * s.h * s.w:
        return
    plane, row, column = plane_and_position(t, s.h, s.w)
    n = quotient(plane, int32(s.c))
    c = int32(plane - n * s.c)
    channels = quotient(int32(s.c), int32(s.groups))
    outputs = quotient(int32(s.k), int32(s.groups))
    group = quotient(c, channels)
    total = float32(0)
    for k in range(group * outputs, (group + 1) * outputs):
        weight = (k * channels + c - group * channels) * s.kh * s.kw
        source = (n * s.k + k) * s.oh * s.ow
        for i in range(s.kh):
            y_out, met = output_seeing(row + s.before_y - i * s.dilation_y, s.stride_y, s.oh)
            if not met:
                continue
            for j in range(s.kw):
                x_out, met = output_seeing(column + s.before_x - j * s.dilation_x, s.stride_x, s.ow)
                if not met:
                    continue
                total += w[weight + i * s.kw + j] * dy[source + y_out * s.ow + x_out]
    if s.biased:
        total += b[c]
    dx[t] = activate(total, s.activation, slope)


def convolution_weight_gradient(parts, x, dy, images, s, d):
    """parts[chunk,k,c,i,j] = sum over the chunk's images and all positions of dy[n,k,y,x] * x[n,c,...]"""
    t = place()
    chunk = quotient(t, int32(d.sums))
    if chunk >= d.parts:
        return
    channels = quotient(int32(s.c), int32(s.groups))
    weight = int32(t - chunk * d.sums)
    j = remainder(weight, int32(s.kw))
    row_of = quotient(weight, int32(s.kw))
    i = remainder(row_of, int32(s.kh))
    plane_of = quotient(row_of, int32(s.kh))
    c = remainder(plane_of, channels)
    k = quotient(plane_of, channels)
    channel = quotient(k, quotient(int32(s.k), int32(s.groups))) * channels + c
    total = float32(0)
    for n in range(chunk * d.size, min(int32((chunk + 1) * d.size), images)):
        cotangent = (n * s.k + k) * s.oh * s.ow
        source = (n * s.c + channel) * s.h * s.w
        for row in range(s.oh):
            y_in = row * s.stride_y + i * s.dilation_y - s.before_y
            if y_in < 0 or y_in >= s.h:
                continue
            for column in range(s.ow):
                x_in = column * s.stride_x + j * s.dilation_x - s.before_x
                if x_in >= 0 and x_in < s.w:
                    total += dy[cotangent + row * s.ow + column] * x[source + y_in * s.w + x_in]
    parts[t] = total

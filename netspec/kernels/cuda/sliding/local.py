"""Local layers, convolutions whose weights are each output position's own: a thread a number.

Weights are (k, oh, ow, c, kh, kw), a bias is (k, oh, ow). Sizes are a `Windows`; where it is not `biased`, b is unused.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from numba import float32, int32

from netspec.kernels.cuda.language.activation import activate
from netspec.kernels.cuda.language.threads import place, quotient, remainder
from netspec.kernels.cuda.sliding.convolution import output_seeing, plane_and_position


def local(y, x, w, b, images, s, slope):
    """y[n,k,y,x] = activation(b[k,y,x] + sum over c,i,j of w[k,y,x,c,i,j] * x[n,c,...])"""
    t = place()
    if t >= images * s.k * s.oh * s.ow:
        return
    plane, row, column = plane_and_position(t, s.oh, s.ow)
    n = quotient(plane, int32(s.k))
    output = int32(t - n * s.k * s.oh * s.ow)
    total = float32(0)
    for c in range(s.c):
        source = (n * s.c + c) * s.h * s.w
        weight = (output * s.c + c) * s.kh * s.kw
        for i in range(s.kh):
            y_in = row * s.stride_y + i * s.dilation_y - s.before_y
            if y_in < 0 or y_in >= s.h:
                continue
            for j in range(s.kw):
                x_in = column * s.stride_x + j * s.dilation_x - s.before_x
                if x_in >= 0 and x_in < s.w:
                    total += w[weight + i * s.kw + j] * x[source + y_in * s.w + x_in]
    if s.biased:
        total += b[output]
    y[t] = activate(total, s.activation, slope)


def local_input_gradient(dx, dy, w, images, s):
    """dx[n,c,y,x] = sum over k,i,j of w[k,...,c,i,j] * dy[n,k,...], at the output positions whose tap (i, j) saw it"""
    t = place()
    if t >= images * s.c * s.h * s.w:
        return
    plane, row, column = plane_and_position(t, s.h, s.w)
    n = quotient(plane, int32(s.c))
    c = int32(plane - n * s.c)
    total = float32(0)
    for k in range(s.k):
        for i in range(s.kh):
            y_out, met = output_seeing(row + s.before_y - i * s.dilation_y, s.stride_y, s.oh)
            if not met:
                continue
            for j in range(s.kw):
                x_out, met = output_seeing(column + s.before_x - j * s.dilation_x, s.stride_x, s.ow)
                if not met:
                    continue
                output = (k * s.oh + y_out) * s.ow + x_out
                weight = ((output * s.c + c) * s.kh + i) * s.kw + j
                total += w[weight] * dy[n * s.k * s.oh * s.ow + output]
    dx[t] = total


def local_weight_gradient(parts, x, dy, images, s, d):
    """parts[chunk,k,y,x,c,i,j] = sum over the chunk's images of dy[n,k,y,x] * x[n,c,...]; a thread a part"""
    t = place()
    chunk = quotient(t, int32(d.sums))
    if chunk >= d.parts:
        return
    weight = int32(t - chunk * d.sums)
    above, i, j = plane_and_position(weight, s.kh, s.kw)
    output = quotient(above, int32(s.c))
    c = int32(above - output * s.c)
    position = remainder(output, int32(s.oh * s.ow))
    row = quotient(position, int32(s.ow))
    y_in = row * s.stride_y + i * s.dilation_y - s.before_y
    x_in = (position - row * s.ow) * s.stride_x + j * s.dilation_x - s.before_x
    total = float32(0)
    if y_in >= 0 and y_in < s.h and x_in >= 0 and x_in < s.w:
        n, end = int32(chunk * d.size), min(int32((chunk + 1) * d.size), images)
        while n < end:
            total += dy[n * s.k * s.oh * s.ow + output] * x[((n * s.c + c) * s.h + y_in) * s.w + x_in]
            n += 1
    parts[t] = total

"""Max pooling with the tap of each maximum, and its gradient."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from numba import float32, int32

from netspec.kernels.cuda.language.jit import routine
from netspec.kernels.cuda.language.threads import place
from netspec.kernels.cuda.sliding.convolution import output_seeing, plane_and_position


@routine
def _largest(x, t, s):
    """The largest real pixel of window t, and the tap i*kw+j of the first such. A NaN is the largest."""
    plane, row, column = plane_and_position(t, s.oh, s.ow)
    source = plane * s.h * s.w
    best, tap = float32(0), int32(-1)
    for i in range(s.kh):
        y_in = row * s.stride_y + i * s.dilation_y - s.before_y
        if y_in < 0 or y_in >= s.h:
            continue
        for j in range(s.kw):
            x_in = column * s.stride_x + j * s.dilation_x - s.before_x
            if x_in >= 0 and x_in < s.w:
                pixel = x[source + y_in * s.w + x_in]
                if tap < 0 or pixel > best or (pixel != pixel and best == best):
                    best, tap = pixel, int32(i * s.kw + j)
    return best, tap


def max_pool(y, x, images, s):
    """y[n,c,y,x] = the largest real pixel of the window; a thread an output."""
    t = place()
    if t < images * s.k * s.oh * s.ow:
        best, _ = _largest(x, t, s)
        y[t] = best


def max_pool_with_index(y, index, x, images, s):
    """The same, and the tap of each maximum (int32)."""
    t = place()
    if t < images * s.k * s.oh * s.ow:
        best, tap = _largest(x, t, s)
        y[t] = best
        index[t] = tap


def max_pool_gradient(dx, index, dy, images, s):
    """dx of a pixel: the sum of dy over the windows whose maximum it was, tap by tap; a thread a pixel."""
    t = place()
    if t >= images * s.c * s.h * s.w:
        return
    plane, row, column = plane_and_position(t, s.h, s.w)
    total = float32(0)
    for i in range(s.kh):
        y_out, met = output_seeing(row + s.before_y - i * s.dilation_y, s.stride_y, s.oh)
        if not met:
            continue
        for j in range(s.kw):
            x_out, met = output_seeing(column + s.before_x - j * s.dilation_x, s.stride_x, s.ow)
            if not met:
                continue
            window = (plane * s.oh + y_out) * s.ow + x_out
            if index[window] == i * s.kw + j:
                total += dy[window]
    dx[t] = total

"""Loading of warped images: each pixel is interpolated bilinearly at its position in the source."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportMissingImports=false

from __future__ import annotations

from numba import float32, int32, int64
from numba.cuda import libdevice

from netspec.kernels.cuda.incoming.gather import pixel
from netspec.kernels.cuda.language.jit import routine
from netspec.kernels.cuda.language.pointers import floats_at, words_at
from netspec.kernels.cuda.language.threads import place, quotient
from netspec.targets.cuda.draws import COSINE, DRAW_ROWS, FLIP_X, FLIP_Y, LEFT, SHIFT_X, SHIFT_Y, SINE, TOP
from netspec.targets.cuda.state import FIRST, IMAGES, MEAN, SCALE, SLOTS, SOURCE_BYTES, SOURCE_HEIGHT, SOURCE_WIDTH


@routine
def _clamped(x, extent):
    """A place, no more than one pixel outside of `extent`."""
    last = float32(extent)
    low = float32(-1) if x < float32(-1) else x
    return last if low > last else low


@routine
def _source_place(draws, row, down, right, height, width):
    """(y, x) in the source of the pixel (down, right) of the result, clamped to one pixel around the source."""
    down = (down + draws[row + TOP]) * draws[row + FLIP_Y] - draws[row + SHIFT_Y]
    right = (right + draws[row + LEFT]) * draws[row + FLIP_X] - draws[row + SHIFT_X]
    cosine, sine = draws[row + COSINE], draws[row + SINE]
    y = libdevice.fmaf(cosine, down, sine * right) + float32(height - 1) * float32(0.5)
    x = libdevice.fmaf(cosine, right, -(sine * down)) + float32(width - 1) * float32(0.5)
    return _clamped(y, height), _clamped(x, width)


@routine
def _between(a, b, part):
    return libdevice.fmaf(part, b - a, a)


@routine
def _seen(source, plane, y, x, mean):
    """Pixel (y, x) of the plane that begins at number `plane` of the images; the mean outside."""
    images, number_bytes, height, width = source
    if y >= 0 and y < height and x >= 0 and x < width:
        return pixel(images, number_bytes, plane + y * int64(width) + x)
    return mean


@routine
def _sample(source, plane, y, x, mean):
    """A plane at the place (y, x), between its four neighbours."""
    top, left = libdevice.floorf(y), libdevice.floorf(x)
    y0, x0 = int32(top), int32(left)
    y1, x1 = int32(y0 + 1), int32(x0 + 1)
    above = _between(_seen(source, plane, y0, x0, mean), _seen(source, plane, y0, x1, mean), x - left)
    below = _between(_seen(source, plane, y1, x0, mean), _seen(source, plane, y1, x1, mean), x - left)
    return _between(above, below, y - top)


def warp_images(y, draws, moves, state, images, s):
    """y[n,c,y,x] = (sample - mean[c]) * scale[c], displaced by moves (N, h, w, 2); a thread all channels of a pixel."""
    t = place()
    if t >= images * s.h * s.w:
        return
    line = quotient(t, int32(s.w))
    n = quotient(line, int32(s.h))
    row, column = int32(line - n * s.h), int32(t - line * s.w)
    down, right = float32(row), float32(column)
    if s.displaced:
        down, right = down + moves[2 * t], right + moves[2 * t + 1]
    height, width = int32(state[SOURCE_HEIGHT]), int32(state[SOURCE_WIDTH])
    at_y, at_x = _source_place(draws, int32(n * DRAW_ROWS), down, right, height, width)
    slot, area = words_at(state[SLOTS])[state[FIRST] + n], int64(height) * width
    source, means, scales = (state[IMAGES], state[SOURCE_BYTES], height, width), state[MEAN], state[SCALE]
    into = int32((n * s.c * s.h + row) * s.w + column)
    c = int32(0)
    while c < s.c:
        mean = floats_at(means)[c]
        value = _sample(source, (slot * s.c + c) * area, at_y, at_x, mean)
        y[into] = (value - mean) * floats_at(scales)[c]
        into += s.h * s.w
        c += 1

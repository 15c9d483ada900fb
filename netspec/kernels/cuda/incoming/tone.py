"""Contrast, brightness, noise and cutout of a minibatch, in place after it is loaded."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportMissingImports=false

from __future__ import annotations

from numba import cuda, float32, int32
from numba.cuda import libdevice

from netspec.ir.augmentation import STREAMS
from netspec.kernels.cuda.incoming.augment_draws import image_number, image_words
from netspec.kernels.cuda.language.jit import routine
from netspec.kernels.cuda.language.pointers import floats_at
from netspec.kernels.cuda.language.random import normal_pair
from netspec.kernels.cuda.language.sums import BLOCK, block_sum
from netspec.kernels.cuda.language.threads import place, quotient
from netspec.targets.cuda.draws import BRIGHTNESS, CONTRAST, CUT_LEFT, CUT_TOP, DRAW_ROWS
from netspec.targets.cuda.state import SCALE, WHITE

NOISE = STREAMS["noise"]


def plane_means(means, y, images, s):
    """means[n,c] of each channel of each image; a block a plane."""
    plane, pixels = int32(cuda.blockIdx.x), int32(s.h * s.w)
    if plane >= images * s.c:
        return
    i = int32(cuda.threadIdx.x)
    mine = float32(0)
    while i < pixels:
        mine += y[plane * pixels + i]
        i += BLOCK
    whole = block_sum(mine)
    if cuda.threadIdx.x == 0:
        means[plane] = whole / float32(pixels)


@routine
def _noise(state, n, block, deviation, s):
    """Four normal numbers; zeros without noise."""
    zero = float32(0)
    if not s.noise:
        return zero, zero, zero, zero
    words = image_words(state, image_number(state, n), block, NOISE)
    first, second = normal_pair(words[0], words[1], deviation, zero)
    third, fourth = normal_pair(words[2], words[3], deviation, zero)
    return first, second, third, fourth


@routine
def _is_cut(draws, row, position, s):
    """Whether the pixel at a position of its plane is in the cut square of its image."""
    top, left = int32(draws[row + CUT_TOP]), int32(draws[row + CUT_LEFT])
    y = quotient(position, int32(s.w))
    x = int32(position - y * s.w)
    return top <= y and y - top < s.side and left <= x and x - left < s.side


@routine
def _tone(y, draws, row, plane, position, tone, noise, s):
    """Tones the pixel at a position of a plane; `tone` is mean, contrast and brightness."""
    pixels = int32(s.h * s.w)
    if position >= pixels:
        return
    mean, contrast, brightness = tone
    at = int32(plane * pixels + position)
    x = y[at]
    if s.contrast:
        x += contrast * (x - mean)
    x += brightness + noise
    if s.side and _is_cut(draws, row, position, s):
        x = float32(0)
    y[at] = x


def tone_images(y, draws, means, state, images, s, deviation):
    """y = y + contrast * (y - mean) + brightness + noise, and zeros in the cut square, in place.

    Brightness and the deviation of the noise are parts of white. A thread four pixels of a plane.
    """
    t = place()
    blocks = int32((s.h * s.w + 3) >> 2)
    plane = quotient(t, blocks)
    if plane >= images * s.c:
        return
    n = quotient(plane, int32(s.c))
    c, i, row = int32(plane - n * s.c), int32(4 * (t - plane * blocks)), int32(n * DRAW_ROWS)
    white = libdevice.int_as_float(int32(state[WHITE])) * floats_at(state[SCALE])[c]
    mean = means[plane] if s.contrast else float32(0)
    tone = mean, draws[row + CONTRAST], draws[row + BRIGHTNESS] * white
    noise = _noise(state, n, int32(t - n * s.c * blocks), deviation * white, s)
    _tone(y, draws, row, plane, i, tone, noise[0], s)
    _tone(y, draws, row, plane, int32(i + 1), tone, noise[1], s)
    _tone(y, draws, row, plane, int32(i + 2), tone, noise[2], s)
    _tone(y, draws, row, plane, int32(i + 3), tone, noise[3], s)

"""A minibatch out of the data set, the scalars of a step, and at its end the report and the step to the next."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from numba import float32, int32, int64, uint32, uint64

from netspec.ir.augmentation import STREAMS
from netspec.kernels.cuda.language.jit import routine
from netspec.kernels.cuda.language.pointers import bytes_at, floats_at, integers_at, words_at
from netspec.kernels.cuda.language.random import philox
from netspec.kernels.cuda.language.threads import place, quotient
from netspec.targets.cuda.state import (
    CROP,
    CROP_PAD,
    DONE,
    EPOCH,
    FIRST,
    IMAGES,
    LABELS,
    MEAN,
    METRICS,
    NO_CROP,
    ORDER,
    RANDOM_CROP,
    RESULTS,
    SCALARS,
    SCALE,
    SEED,
    SLOTS,
    SOURCE_BYTES,
    SOURCE_HEIGHT,
    SOURCE_WIDTH,
    STEP,
)

CROP_STREAM = STREAMS["crop"]


def take_scalar(into, state, column, columns):
    """The scalar of this step; one thread."""
    if place() == 0:
        into[0] = floats_at(state[SCALARS])[state[DONE] * columns + column]


def gather_labels(labels, state, images):
    """labels[n] of the minibatch; a thread an image."""
    n = place()
    if n < images:
        labels[n] = integers_at(state[LABELS])[words_at(state[ORDER])[state[FIRST] + n]]


@routine
def corner(mode, extent, window, pad, word):
    """First row (or column) of the window in an image of `extent` rows (or columns); negative in the padding."""
    margin = extent + 2 * pad - window
    if mode == RANDOM_CROP:
        return int32((uint64(word) * uint64(margin + 1)) >> uint64(32)) - pad
    return (margin >> 1) - pad


@routine
def window_corner(state, image, height, width):
    """(top, left) of the window in an image of that number; (0, 0) without a crop."""
    if state[CROP] == NO_CROP:
        return int32(0), int32(0)
    words = (uint32(0), uint32(0), uint32(0), uint32(0))
    if state[CROP] == RANDOM_CROP:
        words = philox(uint32(image), uint32(state[EPOCH]), uint32(0), uint32(CROP_STREAM), state[SEED])
    pad = int32(state[CROP_PAD])
    top = corner(state[CROP], int32(state[SOURCE_HEIGHT]), height, pad, words[0])
    return top, corner(state[CROP], int32(state[SOURCE_WIDTH]), width, pad, words[1])


@routine
def pixel(images, number_bytes, at):
    """Number `at` of the images at an address, as float32."""
    if number_bytes == 1:
        return float32(bytes_at(images)[at])
    return floats_at(images)[at]


def gather_images(y, state, images, s):
    """y[n,c,y,x] = (pixel - mean[c]) * scale[c] of the window in each image, 0 beyond it; a thread a number."""
    t = place()
    if t >= images * s.c * s.h * s.w:
        return
    plane = quotient(t, int32(s.h * s.w))
    position = int32(t - plane * s.h * s.w)
    row = quotient(position, int32(s.w))
    column = int32(position - row * s.w)
    n = quotient(plane, int32(s.c))
    c = int32(plane - n * s.c)
    number = state[FIRST] + n
    top, left = window_corner(state, words_at(state[ORDER])[number], s.h, s.w)
    height, width = int32(state[SOURCE_HEIGHT]), int32(state[SOURCE_WIDTH])
    y_in, x_in = int32(top + row), int32(left + column)
    value = float32(0)
    if y_in >= 0 and y_in < height and x_in >= 0 and x_in < width:
        slot = words_at(state[SLOTS])[number]
        at = ((slot * s.c + c) * height + y_in) * int64(width) + x_in
        value = (pixel(state[IMAGES], state[SOURCE_BYTES], at) - floats_at(state[MEAN])[c]) * floats_at(state[SCALE])[c]
    y[t] = value


def collect(value, state, images, elements, width, first):
    """results[image, first + e] = value[n,e]; rows of `width` numbers; a thread a number."""
    t = place()
    if t >= images * elements:
        return
    n = quotient(t, elements)
    image = state[FIRST] + n
    floats_at(state[RESULTS])[image * width + first + (t - n * elements)] = value[t]


def report(total, state, column):
    """metrics[step of the call, column] = a sum over the minibatch; one thread."""
    if place() == 0:
        floats_at(state[METRICS])[2 * state[DONE] + column] = total[0]


def advance(state, images):
    """The state of the next step; one thread."""
    if place() == 0:
        state[FIRST] += images
        state[STEP] += 1
        state[DONE] += 1

"""Displacements of the smooth local distortion: noise (N, h, w, 2), then smoothed along an axis at a time.

The last axis is (down, right). Rows of noise are drawn in pairs of pixels, four words of a counter each.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

import math

from numba import float32, int32

from netspec.ir.augmentation import STREAMS
from netspec.kernels.cuda.incoming.augment_draws import image_number, image_words
from netspec.kernels.cuda.language.random import each_way
from netspec.kernels.cuda.language.threads import place, quotient, remainder

DISTORT = STREAMS["distort"]


def draw_displacements(noise, state, images, s):
    """noise[n,y,x,:], from -1 up to 1; a thread two pixels of a row."""
    t = place()
    pairs = int32((s.w + 1) >> 1)
    row = quotient(t, pairs)
    n = quotient(row, int32(s.h))
    if n >= images:
        return
    x = int32(2 * (t - row * pairs))
    block = int32(t - n * s.h * pairs)
    words = image_words(state, image_number(state, n), block, DISTORT)
    at = int32(2 * (row * s.w + x))
    noise[at], noise[at + 1] = each_way(words[0]), each_way(words[1])
    if x + 1 < s.w:
        noise[at + 2], noise[at + 3] = each_way(words[2]), each_way(words[3])


def smooth(into, noise, images, s, share, sharpness):
    """Each number replaced by the weighted sum of its neighbours along an axis, nothing beyond the borders.

    The weight at a distance of k is share * exp(-(k * sharpness)^2 / 2). A thread a number.
    """
    t = place()
    if t >= images * s.elements:
        return
    before = remainder(quotient(t, int32(s.stride)), int32(s.length))
    behind = int32(s.length - 1 - before)
    total = noise[t]
    k = int32(1)
    while k <= s.reach:
        deviations, pair = float32(k) * sharpness, float32(0)
        if k <= before:
            pair += noise[t - k * s.stride]
        if k <= behind:
            pair += noise[t + k * s.stride]
        total += math.exp(float32(-0.5) * deviations * deviations) * pair
        k += 1
    into[t] = share * total

"""Dropout; the same kernel is its gradient. The mask depends on seed, stream, step, image and element alone."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from numba import float32, int32, uint32

from netspec.kernels.cuda.language.jit import routine
from netspec.kernels.cuda.language.random import philox
from netspec.kernels.cuda.language.threads import place, quotient
from netspec.targets.cuda.state import SEED, STEP

WORDS_OF_A_COUNTER = 4


@routine
def _keep(y, x, first, e, word, bound, scale, s):
    """Element e of the image that begins at `first`, if there is one."""
    if e < s.elements:
        y[first + e] = x[first + e] * scale if word <= bound else float32(0)


def dropout(y, x, state, images, s, stream, bound, scale):
    """y = x * scale where the random word is at most `bound`, else 0; a thread four elements, one counter."""
    t = place()
    counters = quotient(int32(s.elements + WORDS_OF_A_COUNTER - 1), int32(WORDS_OF_A_COUNTER))
    if t >= images * counters:
        return
    n = quotient(t, counters)
    counter = int32(t - n * counters)
    words = philox(uint32(counter), uint32(n), uint32(state[STEP]), stream, state[SEED])
    first, e = int32(n * s.elements), int32(WORDS_OF_A_COUNTER * counter)
    _keep(y, x, first, e, words[0], bound, scale, s)
    _keep(y, x, first, e + 1, words[1], bound, scale, s)
    _keep(y, x, first, e + 2, words[2], bound, scale, s)
    _keep(y, x, first, e + 3, words[3], bound, scale, s)

"""Random initial values, drawn in place: those of `ir/initialize.py`, within 2 units of the last place.

A thread makes four numbers, 16 apart, of the four words of a counter.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from numba import float32, int32, uint32

from netspec.ir.initialize import BLOCK_COUNTERS, STREAM
from netspec.kernels.cuda.language.jit import routine
from netspec.kernels.cuda.language.random import TWO_FRACTIONS, normal_pair, philox, upper_bits
from netspec.kernels.cuda.language.threads import place
from netspec.targets.cuda.state import SEED

LOW_BITS = BLOCK_COUNTERS - 1
HALF_RANGE = 1 << 23


@routine
def _words(state, counter, low, high):
    return philox(uint32(counter), low, high, uint32(STREAM), state[SEED])


@routine
def _first(counter):
    """Number of the array that the first word of a counter makes."""
    return int32(((counter & ~LOW_BITS) << 2) + (counter & LOW_BITS))


@routine
def _put(array, i, elements, value):
    if i < elements:
        array[i] = value


def draw_normal(array, state, elements, low, high, deviation, deviation_rest):
    """array[i] = (deviation + deviation_rest) * normal number; (low, high) are the words of its name.

    A thread a counter.
    """
    counter = place()
    i = _first(counter)
    if i >= elements:
        return
    words = _words(state, counter, low, high)
    first, second = normal_pair(words[0], words[1], deviation, deviation_rest)
    third, fourth = normal_pair(words[2], words[3], deviation, deviation_rest)
    array[i] = first
    _put(array, i + BLOCK_COUNTERS, elements, second)
    _put(array, i + 2 * BLOCK_COUNTERS, elements, third)
    _put(array, i + 3 * BLOCK_COUNTERS, elements, fourth)


@routine
def _centred(word):
    """A uniform number between -2^23 and 2^23, exact in float32."""
    return float32(upper_bits(word) - int32(HALF_RANGE)) + float32(0.5)


def draw_uniform(array, state, elements, low, high, half_width):
    """array[i] = uniform number between -half_width and half_width; a thread a counter, as in `draw_normal`."""
    counter = place()
    i = _first(counter)
    if i >= elements:
        return
    words, scale = _words(state, counter, low, high), half_width * TWO_FRACTIONS
    array[i] = _centred(words[0]) * scale
    _put(array, i + BLOCK_COUNTERS, elements, _centred(words[1]) * scale)
    _put(array, i + 2 * BLOCK_COUNTERS, elements, _centred(words[2]) * scale)
    _put(array, i + 3 * BLOCK_COUNTERS, elements, _centred(words[3]) * scale)

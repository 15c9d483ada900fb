"""Random numbers from counters (`ir/random.py`): Philox4x32-10, to the same bits, and numbers made of its words.

Sine and cosine are of half turns, whose range needs no reduction: that of radians needs memory of the thread.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportMissingImports=false, reportOperatorIssue=false

from __future__ import annotations

from numba import float32, int32, uint32, uint64
from numba.cuda import libdevice

from netspec.ir.random import KEY_STEPS, MULTIPLIERS, ROUNDS
from netspec.kernels.cuda.language.jit import routine

FIRST_MULTIPLIER, SECOND_MULTIPLIER = uint64(MULTIPLIERS[0]), uint64(MULTIPLIERS[1])
FIRST_STEP, SECOND_STEP = uint32(KEY_STEPS[0]), uint32(KEY_STEPS[1])
HALF = uint64(32)


@routine
def philox(x0, x1, x2, x3, key):
    """The four uint32 words of the counter (x0, x1, x2, x3) under a 64-bit key."""
    k0, k1 = uint32(key), uint32(uint64(key) >> HALF)
    for _ in range(ROUNDS):
        product0, product1 = uint64(x0) * FIRST_MULTIPLIER, uint64(x2) * SECOND_MULTIPLIER
        x0, x1 = uint32((product1 >> HALF) ^ x1 ^ k0), uint32(product1)
        x2, x3 = uint32((product0 >> HALF) ^ x3 ^ k1), uint32(product0)
        k0, k1 = uint32(k0 + FIRST_STEP), uint32(k1 + SECOND_STEP)
    return x0, x1, x2, x3


FRACTION, TWO_FRACTIONS = float32(2.0**-24), float32(2.0**-23)


@routine
def upper_bits(word):
    """The upper 24 bits of a word, int32."""
    return int32(word >> uint32(8))


@routine
def uniform(word):
    """A number from 0 up to 1, from the upper 24 bits of a word."""
    return float32(upper_bits(word)) * FRACTION


@routine
def each_way(word):
    """A number from -1 up to 1, from the upper 24 bits of a word."""
    return float32(upper_bits(word)) * TWO_FRACTIONS - float32(1)


@routine
def _scaled(radius, rest, direction, deviation, deviation_rest):
    """(radius + rest) * direction * (deviation + deviation_rest), rounded about once."""
    product = libdevice.fmul_rn(radius, direction)
    product_rest = libdevice.fmaf(rest, direction, libdevice.fmaf(radius, direction, -product))
    result = libdevice.fmul_rn(product, deviation)
    result_rest = libdevice.fmaf(product, deviation_rest, libdevice.fmaf(product, deviation, -result))
    return result + libdevice.fmaf(product_rest, deviation, result_rest)


@routine
def normal_pair(first, second, deviation, deviation_rest):
    """Two normal numbers from two words (Box and Muller 1958), within 2 units of float32's last place.

    Their deviation is the sum of two numbers, as the radius is here: one of them would add half a unit.
    """
    square = libdevice.logf(uniform(first) + FRACTION) * float32(-2)
    inverse = libdevice.rsqrtf(square) if square > float32(0) else float32(0)
    radius = libdevice.fmul_rn(square, inverse)
    rest = libdevice.fmaf(-radius, radius, square) * (float32(0.5) * inverse)
    half_turns = uniform(second) * float32(2)
    cosine, sine = libdevice.cospif(half_turns), libdevice.sinpif(half_turns)
    return (
        _scaled(radius, rest, cosine, deviation, deviation_rest),
        _scaled(radius, rest, sine, deviation, deviation_rest),
    )

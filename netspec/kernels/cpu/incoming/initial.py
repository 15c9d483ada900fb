"""Random initial values, drawn in place: those of `ir/initialize.py`, up to float32 rounding.

A block of 64 numbers uses the four words of 16 counters, so vectors of 16, 8 and 4 lanes draw the same numbers.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from netspec.ir.graph import Parameter, State
from netspec.ir.initialize import BLOCK_COUNTERS, BLOCK_NUMBERS, STREAM, name_words, spread
from netspec.kernels.cpu.language.descriptor import Words, places
from netspec.kernels.cpu.language.elementwise import Cut, block, cut, elementwise_row
from netspec.kernels.cpu.language.jit import kernel, routine
from netspec.kernels.cpu.language.memory import real
from netspec.kernels.cpu.language.random import philox
from netspec.kernels.cpu.language.rows import Kernel, Row, place
from netspec.kernels.cpu.language.state import SEED
from netspec.kernels.cpu.language.tile import lanes
from netspec.kernels.cpu.language.vector import lane_numbers, splat_integer, sqrt, store, to_float
from netspec.kernels.cpu.language.vector_math import cosine_sine, log
from netspec.targets.cpu.program import Program

HALF_RANGE, FRACTION, TWO_FRACTIONS = 1 << 23, 2.0**-24, 2.0**-23


class Drawn(NamedTuple):
    """Words of both kernels: first element of the array, a hash of its name in two words, and the standard deviation or
    half the width of the distribution."""

    cut: Cut
    array: int
    name: int
    name_high: int
    amount: float


DRAWN = places(Drawn)


def initial_row(kept: Parameter | State, program: Program) -> Row | None:
    """A row that draws an array of the program; None where values are not random or depend on each other."""
    drawn, array = spread(kept.initial), program.buffers[kept.value.name]
    if drawn is None:
        return None
    low, high = name_words(kept.value.name)
    words = Drawn(cut=cut(array, program), array=place(array), name=low, name_high=high, amount=drawn.amount)
    return replace(elementwise_row(KERNELS[drawn.kind], program, array, words), writes=(array,))


@routine
def _words(tile, d, state, i, h):
    """Four vectors of random words, for the elements from i + h, i + h + 16, i + h + 32 and i + h + 48 on."""
    counters = lane_numbers(tile) + (i // BLOCK_NUMBERS * BLOCK_COUNTERS + h)
    low = splat_integer(tile, d[DRAWN.name])
    high = splat_integer(tile, d[DRAWN.name_high])
    stream = splat_integer(tile, STREAM)
    return philox(counters, low, high, stream, state[SEED])


@routine
def _put(arena, array, i, end, value):
    if i < end:
        store(arena, array + i, value)


@routine
def _put_pair(arena, array, i, end, first, second, deviation):
    """Stores two vectors of normal numbers (Box-Muller)."""
    radius = sqrt(log(to_float((first >> 8) + 1) * FRACTION) * -2.0) * deviation
    cosine, sine = cosine_sine(to_float(second >> 8) * FRACTION)
    _put(arena, array, i, end, radius * cosine)
    _put(arena, array, i + BLOCK_COUNTERS, end, radius * sine)


@kernel
def draw_normal(tile, arena, d: Words[Drawn], state, begin, end, thread):
    array, deviation = d[DRAWN.array], real(d, DRAWN.amount)
    for unit in range(begin, end):
        _, first, last = block(tile, d, unit)
        for i in range(first, last, BLOCK_NUMBERS):
            for h in range(0, BLOCK_COUNTERS, lanes(tile)):
                words = _words(tile, d, state, i, h)
                _put_pair(arena, array, i + h, last, words[0], words[1], deviation)
                _put_pair(arena, array, i + h + 2 * BLOCK_COUNTERS, last, words[2], words[3], deviation)


@routine
def _centred(word):
    """Uniform numbers between -2^23 and 2^23, all exact in float32."""
    return to_float((word >> 8) + -HALF_RANGE) + 0.5


@kernel
def draw_uniform(tile, arena, d: Words[Drawn], state, begin, end, thread):
    array, scale = d[DRAWN.array], real(d, DRAWN.amount) * TWO_FRACTIONS
    for unit in range(begin, end):
        _, first, last = block(tile, d, unit)
        for i in range(first, last, BLOCK_NUMBERS):
            for h in range(0, BLOCK_COUNTERS, lanes(tile)):
                words = _words(tile, d, state, i, h)
                _put(arena, array, i + h, last, _centred(words[0]) * scale)
                _put(arena, array, i + h + BLOCK_COUNTERS, last, _centred(words[1]) * scale)
                _put(arena, array, i + h + 2 * BLOCK_COUNTERS, last, _centred(words[2]) * scale)
                _put(arena, array, i + h + 3 * BLOCK_COUNTERS, last, _centred(words[3]) * scale)


KERNELS: dict[str, Kernel] = {"normal": draw_normal, "uniform": draw_uniform}

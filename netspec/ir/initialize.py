"""Initial values of parameters and states, a function of the graph and the seed.

Every array draws from a Philox stream of its own, named after it, so adding or removing a layer changes no other
layer's start. Here stands what is drawn, in float64 and rounded to float32 once; kernels (`incoming/initial.py` of each
kind of processor) draw the same in float32, within a few units in the last place.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from netspec.ir.graph import Graph, Initial, Shape
from netspec.ir.random import philox
from netspec.ir.shapes import elements

Array = NDArray[Any]

STREAM = 0xFFFFFFFF
"""Last word of every counter drawn here; Dropout's streams are small numbers, so the two never meet."""
BLOCK_COUNTERS = 16
BLOCK_NUMBERS = 4 * BLOCK_COUNTERS
"""Numbers that 16 successive counters make together: first those of all first words, and so on."""
CHUNK_BLOCKS = 1 << 10
"""Blocks made at a time, so that the intermediate words stay in the cache."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How independent random numbers lie around zero: normal of deviation `amount`, or evenly up to `amount`."""

    kind: Literal["normal", "uniform"]
    amount: float


def spread(initial: Initial) -> Spread | None:
    """How an array's values are drawn; None for those that are no random numbers or depend on each other."""
    match initial.kind:
        case "he":
            return Spread("normal", math.sqrt(2 / initial.fan_in))
        case "normal":
            return Spread("normal", initial.amount)
        case "xavier":
            return Spread("uniform", math.sqrt(6 / (initial.fan_in + initial.fan_out)))
        case "uniform":
            return Spread("uniform", initial.amount)
        case "orthogonal" | "zeros" | "ones":
            return None


def initialize(graph: Graph, seed: int) -> dict[str, NDArray[np.float32]]:
    """A float32 array for each parameter and state, by name.

    he: normal, deviation sqrt(2 / fan_in). xavier: uniform, half width sqrt(6 / (fan_in + fan_out)). normal(a): of
    deviation a. uniform(a): between -a and a. orthogonal: the array seen as (first axis, all others) has orthonormal
    rows, or columns where there are fewer of those; zeros and ones.
    """
    kept = [*graph.parameters, *graph.states]
    return {each.value.name: draw(each.initial, each.value.shape, each.value.name, seed) for each in kept}


def draw(initial: Initial, shape: Shape, name: str, seed: int) -> NDArray[np.float32]:
    """One array; `name` picks its stream of random numbers."""
    drawn = spread(initial)
    if drawn is not None:
        return (_normal if drawn.kind == "normal" else _uniform)(shape, drawn.amount, name, seed)
    if initial.kind == "orthogonal":
        return _orthogonal(shape, name, seed)
    return np.full(shape, 1 if initial.kind == "ones" else 0, np.float32)


def name_words(name: str) -> tuple[int, int]:
    """The two words of a counter that an array's name becomes."""
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:], "little")


def _uniform(shape: Shape, half_width: float, name: str, seed: int) -> NDArray[np.float32]:
    """Evenly between -half_width and half_width: the upper 24 bits k of a word give (k + 1/2) / 2^23 - 1 of it."""
    flat = np.empty(elements(shape), np.float32)
    for place, upper in _upper_bits(flat.size, name, seed):
        flat[place] = (((upper + 0.5) * 2.0**-23 - 1) * half_width).reshape(-1)[: flat[place].size]
    return flat.reshape(shape)


def _normal(shape: Shape, deviation: float, name: str, seed: int) -> NDArray[np.float32]:
    """Normal with mean 0. Box and Muller: the upper 24 bits j, k of a counter's first two words, or of its last two,
    as u = (j + 1) / 2^24 and v = k / 2^24 give sqrt(-2 ln u) cos(2 pi v) and sqrt(-2 ln u) sin(2 pi v)."""
    flat = np.empty(elements(shape), np.float32)
    for place, upper in _upper_bits(flat.size, name, seed):
        radius = deviation * np.sqrt(-2 * np.log((upper[:, 0::2] + 1) * 2.0**-24))
        angle = 2 * math.pi * 2.0**-24 * upper[:, 1::2]
        normals = np.stack((radius * np.cos(angle), radius * np.sin(angle)), axis=2)
        flat[place] = normals.reshape(-1)[: flat[place].size]
    return flat.reshape(shape)


def _orthogonal(shape: Shape, name: str, seed: int) -> NDArray[np.float32]:
    """The orthogonal factor of a normal matrix, signs fixed so that every such matrix is equally likely."""
    rows = shape[0] if shape else 1
    matrix = _normal(shape, 1.0, name, seed).reshape(rows, -1).astype(np.float64)
    tall = matrix if rows >= matrix.shape[1] else matrix.T
    q, r = np.linalg.qr(tall)
    q = q * np.where(np.diagonal(r) < 0, -1.0, 1.0)
    return (q if tall is matrix else q.T).reshape(shape).astype(np.float32)


def _upper_bits(count: int, name: str, seed: int) -> Iterator[tuple[slice, Array]]:
    """The upper 24 bits of each number's word, in order: (blocks, 4, 16) for a slice of the numbers, whole blocks.

    Number 64 b + 16 w + c is made of word w of the counter (16 b + c, name's two words, STREAM).
    """
    blocks = -(-count // BLOCK_NUMBERS)
    for begin in range(0, blocks, CHUNK_BLOCKS):
        end = min(begin + CHUNK_BLOCKS, blocks)
        counters = np.arange(begin * BLOCK_COUNTERS, end * BLOCK_COUNTERS).reshape(-1, BLOCK_COUNTERS)
        words = np.stack(philox((counters, *name_words(name), STREAM), seed), axis=1)
        yield slice(begin * BLOCK_NUMBERS, min(end * BLOCK_NUMBERS, count)), words >> 8

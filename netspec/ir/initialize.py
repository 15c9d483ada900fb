"""Initial values of parameters and states, a function of the graph and the seed.

Every array draws from a Philox stream of its own, named after it, so adding or removing a layer changes no other
layer's start. Draws are made in float64 and rounded to float32 once.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspec.ir.graph import Graph, Initial, Shape
from netspec.ir.random import philox
from netspec.ir.shapes import elements

Array = NDArray[Any]

STREAM = 0xFFFFFFFF
"""Last word of every counter drawn here; Dropout's streams are small numbers, so the two never meet."""
CHUNK_ELEMENTS = 1 << 16
"""Numbers made at a time, so that the intermediate words stay in the cache."""


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
    match initial.kind:
        case "zeros":
            return np.zeros(shape, np.float32)
        case "ones":
            return np.ones(shape, np.float32)
        case "he":
            return _normal(shape, math.sqrt(2 / initial.fan_in), name, seed)
        case "normal":
            return _normal(shape, initial.amount, name, seed)
        case "xavier":
            return _uniform(shape, math.sqrt(6 / (initial.fan_in + initial.fan_out)), name, seed)
        case "uniform":
            return _uniform(shape, initial.amount, name, seed)
        case "orthogonal":
            return _orthogonal(shape, name, seed)


def _uniform(shape: Shape, half_width: float, name: str, seed: int) -> NDArray[np.float32]:
    """Evenly between -half_width and half_width."""
    flat = np.empty(elements(shape), np.float32)
    for place, fractions in _fractions(flat.size, name, seed):
        flat[place] = ((2 * fractions - 1) * half_width).reshape(-1)[: flat[place].size]
    return flat.reshape(shape)


def _normal(shape: Shape, deviation: float, name: str, seed: int) -> NDArray[np.float32]:
    """Normal with mean 0. Box and Muller: fractions u, v give sqrt(-2 ln u) cos(2 pi v) and sqrt(-2 ln u) sin(2 pi v),
    two pairs from the four words of a counter."""
    flat = np.empty(elements(shape), np.float32)
    for place, fractions in _fractions(flat.size, name, seed):
        pairs = fractions.reshape(-1, 2)
        radius, angle = deviation * np.sqrt(-2 * np.log(pairs[:, 0])), 2 * math.pi * pairs[:, 1]
        normals = np.stack((radius * np.cos(angle), radius * np.sin(angle)), axis=1)
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


def _fractions(count: int, name: str, seed: int) -> Iterator[tuple[slice, Array]]:
    """`count` numbers in order, strictly between 0 and 1, a chunk at a time and rounded up to fours.

    Number e is (word e % 4 of the counter (e // 4, name's hash, STREAM) + 1/2) / 2**32.
    """
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    low, high = int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:], "little")
    for begin in range(0, count, CHUNK_ELEMENTS):
        end = min(begin + CHUNK_ELEMENTS, count)
        words = philox((np.arange(begin // 4, -(-end // 4)), low, high, STREAM), seed)
        yield slice(begin, end), (np.stack(words, axis=1).reshape(-1) + 0.5) / 2.0**32

"""Random numbers from a counter: the same on every platform and with every release of NumPy.

Only the raw words of the Philox generator are used, since their values are fixed for good; NumPy's permutations and
normal numbers are not. The key of a stream is (seed, purpose), so no two purposes share a number.
"""

from __future__ import annotations

from enum import IntEnum
from math import sqrt

import numpy as np
from numpy.typing import NDArray


class Purpose(IntEnum):
    """What random numbers are drawn for."""

    TAKE = 1
    VALIDATE = 2
    LABELS = 3
    POINTS = 4
    FIGURES = 5
    PIXELS = 6
    SHUFFLE = 7
    TIES = 8


def words(seed: int, purpose: Purpose, count: int, *, stream: int = 0) -> NDArray[np.uint64]:
    """`count` random words of 64 bits; streams of one purpose do not overlap."""
    key = (seed & 0xFFFF_FFFF_FFFF_FFFF) | (int(purpose) << 64)
    generator = np.random.Philox(key=key, counter=stream << 128)
    return generator.random_raw(count).astype(np.uint64, copy=False)


def permutation(seed: int, purpose: Purpose, count: int, *, stream: int = 0) -> NDArray[np.int64]:
    """The numbers 0 to count - 1 in a random order."""
    return np.argsort(words(seed, purpose, count, stream=stream), kind="stable").astype(np.int64, copy=False)


def uniform(seed: int, purpose: Purpose, count: int, *, stream: int = 0) -> NDArray[np.float64]:
    """`count` random numbers in [0, 1), multiples of 2**-53."""
    return (words(seed, purpose, count, stream=stream) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def bell(seed: int, purpose: Purpose, count: int, *, stream: int = 0) -> NDArray[np.float64]:
    """`count` random numbers of mean 0 and deviation 1, close to normal, none beyond 3.47.

    Each is the sum of four uniform ones of 16 bits, a word in all: sums round alike everywhere, logarithms and cosines
    do not.
    """
    drawn = words(seed, purpose, count, stream=stream)
    low, bits = np.uint64(0xFFFF), (np.uint64(k) for k in (16, 32, 48))
    sums = (drawn & low) + sum((drawn >> shift & low for shift in bits), np.uint64(2))
    return (sums.astype(np.float64) * 2.0**-16 - 2.0) * sqrt(3.0)

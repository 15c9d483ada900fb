"""Random numbers from a counter: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).

The same counter and key give the same four words on every machine and in any order, so a random number belongs to its
place (which image, which element, which step) and not to when it was drawn. Kernels reproduce these bits exactly.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint32]

ROUNDS = 10
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
LOW_WORD = 0xFFFFFFFF


def philox(counter: tuple[Any, Any, Any, Any], key: int) -> tuple[Words, Words, Words, Words]:
    """The four words of each counter.

    The parts of `counter` are integers or integer arrays, broadcast together and taken modulo 2**32. `key` is the
    64-bit seed: its low word is Philox's first key word.
    """
    c0, c1, c2, c3 = np.broadcast_arrays(*(np.asarray(part, np.uint64) & np.uint64(LOW_WORD) for part in counter))
    k0, k1 = key & LOW_WORD, key >> 32 & LOW_WORD
    for _ in range(ROUNDS):
        product0, product1 = c0 * np.uint64(MULTIPLIERS[0]), c2 * np.uint64(MULTIPLIERS[1])
        c0, c1 = _high(product1) ^ c1 ^ np.uint64(k0), _low(product1)
        c2, c3 = _high(product0) ^ c3 ^ np.uint64(k1), _low(product0)
        k0, k1 = k0 + KEY_STEPS[0] & LOW_WORD, k1 + KEY_STEPS[1] & LOW_WORD
    return c0.astype(np.uint32), c1.astype(np.uint32), c2.astype(np.uint32), c3.astype(np.uint32)


def _high(product: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return product >> np.uint64(32)


def _low(product: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return product & np.uint64(LOW_WORD)


def keep_limit(probability: float) -> int:
    """Dropout keeps an element when its word is below this: ceil((1 - probability) * 2**32), computed in float64.

    The same as `word / 2**32 < 1 - probability` in exact arithmetic, for scaling by 2**32 does not round.
    """
    return math.ceil((1.0 - probability) * 2.0**32)


def dropout_mask(images: int, elements: int, probability: float, *, seed: int, step: int, stream: int) -> NDArray[Any]:
    """Which elements Dropout keeps: bool, (images, elements).

    Element e of the image at place n of the batch takes word e % 4 of the counter (e // 4, n, step, stream) under the
    key `seed`. Elements are numbered within an image in C, H, W order.
    """
    blocks = np.arange(-(-elements // 4))[None, :]
    words = np.stack(philox((blocks, np.arange(images)[:, None], step, stream), seed), axis=-1)
    return words.reshape(images, -1)[:, :elements] < keep_limit(probability)

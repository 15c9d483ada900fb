"""Scalar Philox4x32-10, bit for bit that of `ir/random.py`."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

import numpy as np

from netspec.ir.random import KEY_STEPS, MULTIPLIERS, ROUNDS
from netspec.kernels.cpu.language.jit import routine

LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)
FIRST_MULTIPLIER, SECOND_MULTIPLIER = np.uint64(MULTIPLIERS[0]), np.uint64(MULTIPLIERS[1])
FIRST_STEP, SECOND_STEP = np.uint64(KEY_STEPS[0]), np.uint64(KEY_STEPS[1])


@routine
def two_words(c0, c1, c2, c3, key):
    """Words 0 and 1 of Philox of counter (c0, c1, c2, c3) under a 64-bit key, uint64 below 2**32."""
    x0, x1 = np.uint64(c0) & LOW, np.uint64(c1) & LOW
    x2, x3 = np.uint64(c2) & LOW, np.uint64(c3) & LOW
    k0, k1 = np.uint64(key) & LOW, np.uint64(key) >> HALF
    for _ in range(ROUNDS):
        product0, product1 = x0 * FIRST_MULTIPLIER, x2 * SECOND_MULTIPLIER
        x0, x1 = (product1 >> HALF) ^ x1 ^ k0, product1 & LOW
        x2, x3 = (product0 >> HALF) ^ x3 ^ k1, product0 & LOW
        k0, k1 = (k0 + FIRST_STEP) & LOW, (k1 + SECOND_STEP) & LOW
    return x0, x1

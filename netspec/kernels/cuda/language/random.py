"""Random numbers from counters (`ir/random.py`): Philox4x32-10, to the same bits."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from numba import uint32, uint64

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

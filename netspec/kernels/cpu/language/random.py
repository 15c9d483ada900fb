"""Vectorised Philox4x32-10, bit for bit that of `ir/random.py`."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from netspec.ir.random import KEY_STEPS, LOW_WORD, MULTIPLIERS, ROUNDS
from netspec.kernels.cpu.language.jit import routine
from netspec.kernels.cpu.language.vector import high_product

FIRST_MULTIPLIER, SECOND_MULTIPLIER = MULTIPLIERS
FIRST_KEY_STEP, SECOND_KEY_STEP = KEY_STEPS


@routine
def philox(a, b, c, e, seed):
    """Four vectors of 32-bit words: Philox4x32-10 of the counters (a, b, c, e) of each lane under the 64-bit key
    `seed`."""
    low, high = seed & LOW_WORD, (seed >> 32) & LOW_WORD
    for _ in range(ROUNDS):
        above, below = high_product(c, SECOND_MULTIPLIER), c * SECOND_MULTIPLIER
        c, e = high_product(a, FIRST_MULTIPLIER) ^ e ^ high, a * FIRST_MULTIPLIER
        a, b = above ^ b ^ low, below
        low, high = (low + FIRST_KEY_STEP) & LOW_WORD, (high + SECOND_KEY_STEP) & LOW_WORD
    return a, b, c, e

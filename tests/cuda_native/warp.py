"""PTX instructions of tensor cores and asynchronous copies as Python that Numba compiles for this processor.

Functions for a whole warp take the address of the rows of its 32 lanes, the lane, and the address of the result. A row
holds a lane's operands in 32-bit words, a result at most 8 words. Fragments are distributed over the lanes as the PTX
manual says in its sections on `mma.m16n8k8`, `mma.m16n8k16` and `ldmatrix`.
"""

from __future__ import annotations

import numpy as np

from tests.cuda_native import check
from tests.cuda_native.memory import (
    CONTROL,
    COPIES,
    COPIES_STRIDE,
    COPY_FAULT,
    COPY_WORDS,
    MOST_COPIES,
    REGISTERS,
    ROW_WORDS,
    THREAD,
    WATCHED,
)
from tests.cuda_native.pointers import bytes_at, halves_at, integers_at, longs_at, routine, words_at

COPY_BYTES = 16


@routine
def _real(word):
    return np.uint32(word).view(np.float32)


@routine
def _word(real):
    return np.float32(real).view(np.uint32)


@routine
def _operand(rows, lane, number):
    return words_at(rows)[lane * ROW_WORDS + number]


@routine
def _half(word, number):
    """A bfloat16, the lower or the upper half of a word, as float32."""
    return _real(((word >> np.uint32(16 * number)) & np.uint32(0xFFFF)) << np.uint32(16))


def mma_tf32(rows, lane, out, _d):
    """d = a (16x8, tf32) b (8x8, tf32) + c (16x8, float32)"""
    group, within = lane // 4, lane % 4
    for r in range(4):
        row, column = group + 8 * (r // 2), 2 * within + r % 2
        total = np.float64(_real(_operand(rows, lane, 6 + r)))
        for k in range(8):
            a = _operand(rows, (row % 8) * 4 + k % 4, row // 8 + 2 * (k // 4)) & np.uint32(0xFFFFE000)
            b = _operand(rows, column * 4 + k % 4, 4 + k // 4) & np.uint32(0xFFFFE000)
            total += np.float64(_real(a)) * np.float64(_real(b))
        words_at(out)[r] = _word(total)
    return 0


def mma_bf16(rows, lane, out, _d):
    """d = a (16x16, bfloat16) b (16x8, bfloat16) + c (16x8, float32)"""
    group, within = lane // 4, lane % 4
    for r in range(4):
        row, column = group + 8 * (r // 2), 2 * within + r % 2
        total = np.float64(_real(_operand(rows, lane, 6 + r)))
        for k in range(16):
            a = _operand(rows, (row % 8) * 4 + k % 8 // 2, row // 8 + 2 * (k // 8))
            b = _operand(rows, column * 4 + k % 8 // 2, 4 + k // 8)
            total += np.float64(_half(a, k % 2)) * np.float64(_half(b, k % 2))
        words_at(out)[r] = _word(total)
    return 0


@routine
def _matrix_row(rows, number):
    """The address of row `number` of the 32 rows of `ldmatrix`, which lane `number` names."""
    address = np.int64(_operand(rows, number, 0))
    return check.note(address, 16, 16, check.READ) if longs_at(CONTROL)[WATCHED] else address


def ldmatrix4(rows, lane, out, _d):
    """Four 8x8 matrices of 16-bit numbers, two neighbours of row lane // 4 of each."""
    for m in range(4):
        address, column = _matrix_row(rows, 8 * m + lane // 4), 2 * (lane % 4)
        low, high = np.uint32(halves_at(address)[column]), np.uint32(halves_at(address)[column + 1])
        words_at(out)[m] = low | (high << np.uint32(16))
    return 0


def ldmatrix4_transposed(rows, lane, out, _d):
    """Likewise of the transposed matrices."""
    for m in range(4):
        row, column = 2 * (lane % 4), lane // 4
        low = np.uint32(halves_at(_matrix_row(rows, 8 * m + row))[column])
        high = np.uint32(halves_at(_matrix_row(rows, 8 * m + row + 1))[column])
        words_at(out)[m] = low | (high << np.uint32(16))
    return 0


@routine
def _pending():
    """The pending copies of the current thread."""
    return longs_at(COPIES + COPIES_STRIDE * np.int64(integers_at(REGISTERS)[THREAD]))


def copy_later(target, source, size, given):
    """Queues a copy of `given` bytes to shared memory, zeros after them up to `size`. It happens as late as allowed:
    when its group is waited for. The target counts as written at both times."""
    control, pending = longs_at(CONTROL), _pending()
    if control[WATCHED]:
        target = check.note(target, size, size, check.WRITE)
        if given > 0:
            source = check.note(source, given, size, check.READ)
    if pending[0] == MOST_COPIES:
        control[COPY_FAULT] = 1
        return 0
    at = COPY_WORDS * (pending[0] + 1)
    pending[at], pending[at + 1], pending[at + 2], pending[at + 3] = target, source, size << 8 | given, pending[1]
    pending[0] += 1
    return 0


def close_group(_a, _b, _c, _d):
    """Ends a group of copies."""
    _pending()[1] += 1
    return 0


@routine
def _copy(target, source, size, given):
    if longs_at(CONTROL)[WATCHED]:
        target = check.note(target, size, size, check.WRITE)
    for k in range(size):
        bytes_at(target)[k] = bytes_at(source)[k] if k < given else np.uint8(0)


def wait_for_groups(most, _b, _c, _d):
    """Makes copies until at most `most` closed groups are pending."""
    pending, kept = _pending(), 0
    last = pending[1] - most
    for number in range(1, pending[0] + 1):
        at = COPY_WORDS * number
        if pending[at + 3] < last:
            _copy(pending[at], pending[at + 1], pending[at + 2] >> 8, pending[at + 2] & 255)
            continue
        kept += 1
        for word in range(COPY_WORDS):
            pending[COPY_WORDS * kept + word] = pending[at + word]
    pending[0] = kept
    return 0


def wait_for_all(_a, _b, _c, _d):
    """Makes all pending copies, closed groups or not."""
    pending = _pending()
    for number in range(1, pending[0] + 1):
        at = COPY_WORDS * number
        _copy(pending[at], pending[at + 1], pending[at + 2] >> 8, pending[at + 2] & 255)
    pending[0] = 0
    return 0

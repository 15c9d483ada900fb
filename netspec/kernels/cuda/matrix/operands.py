"""Numbers of matrices on their way to shared memory: which of a step each thread brings, and where it stores them.

A step of an operand is `DEPTH` x `count`: k by rows of A, or k by columns of B. The 256 threads divide it in one of
three ways. *Deep*: a thread has one row and four neighbours along k. *Flat*: one k and four neighbouring rows. *Apart*:
one row and count / 32 neighbours along k, neighbouring threads having neighbouring rows.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import cuda, float32, int32

from netspec.kernels.cuda.language.jit import routine
from netspec.kernels.cuda.language.threads import quotient
from netspec.kernels.cuda.language.vectors import load4, store4
from netspec.kernels.cuda.matrix.tile import DEPTH, PITCH


@routine
def zeros4():
    return float32(0), float32(0), float32(0), float32(0)


@routine
def deep_place():
    """(row, k) of a deep thread."""
    thread = int32(cuda.threadIdx.x)
    return int32(thread >> 1), int32(4 * (thread & 1))


@routine
def flat_place(count):
    """(first row, k) of a flat thread; k is beyond `DEPTH` where there are more threads than fours."""
    thread, fours = int32(cuda.threadIdx.x), int32(count // 4)
    k = quotient(thread, fours)
    return int32(4 * (thread - k * fours)), k


@routine
def apart_place(count):
    """(row, first k) of a thread whose numbers lie apart."""
    thread, rows = int32(cuda.threadIdx.x), int32(count)
    part = quotient(thread, rows)
    return int32(thread - part * rows), int32(part * (count // 32))


@routine
def put_deep(shared, half, four, count):
    row, k = deep_place()
    if row < count:
        at = int32(half + k * PITCH + row)
        shared[at], shared[at + PITCH] = four[0], four[1]
        shared[at + 2 * PITCH], shared[at + 3 * PITCH] = four[2], four[3]


@routine
def put_flat(shared, half, four, count):
    row, k = flat_place(count)
    if k < DEPTH:
        store4(shared, int32(half + k * PITCH + row), four)


@routine
def put_apart(shared, half, four, count):
    row, k = apart_place(count)
    at = int32(half + k * PITCH + row)
    shared[at] = four[0]
    if count >= 64:
        shared[at + PITCH] = four[1]
    if count >= 128:
        shared[at + 2 * PITCH], shared[at + 3 * PITCH] = four[2], four[3]


def fetching_apart(number: Callable[..., Any]) -> Any:
    """fetch(operand, k, end, count, s): `count` / 32 neighbours along k of an apart thread, then zeros. `number` is a
    routine (operand, k, end, s) that gives one of them."""

    @routine
    def fetch(operand, k, end, count, s):
        _, depth = apart_place(count)
        k, zero = int32(k + depth), float32(0)
        return (
            number(operand, k, end, s),
            number(operand, int32(k + 1), end, s) if count >= 64 else zero,
            number(operand, int32(k + 2), end, s) if count >= 128 else zero,
            number(operand, int32(k + 3), end, s) if count >= 128 else zero,
        )

    return fetch


@routine
def neighbours(array, at, valid, aligned):
    """array[at] to array[at + 3], zeros from the one of number `valid` on. Where `aligned`, `at` is a multiple of 4 and
    all four are valid or none."""
    if aligned:
        return load4(array, at) if valid > 0 else zeros4()
    zero = float32(0)
    return (
        array[at] if valid > 0 else zero,
        array[at + 1] if valid > 1 else zero,
        array[at + 2] if valid > 2 else zero,
        array[at + 3] if valid > 3 else zero,
    )


@routine
def fetch_deep(operand, k, end, aligned):
    """Four neighbours along k of a matrix whose rows lie along k. operand: array, where the row begins, whether it is
    one; `aligned`: rows and `end` are multiples of 4."""
    array, at, here = operand
    _, depth = deep_place()
    k = int32(k + depth)
    return neighbours(array, int32(at + k), int32(end - k) if here else int32(0), aligned)


@routine
def fetch_flat(operand, k, end, count, rows):
    """Four neighbouring rows of a matrix (k, rows). operand: array, the first of the rows."""
    array, row = operand
    _, depth = flat_place(count)
    k = int32(k + depth)
    valid = int32(rows - row) if depth < DEPTH and k < end else int32(0)
    return neighbours(array, int32(k * rows + row), valid, rows % 4 == 0)

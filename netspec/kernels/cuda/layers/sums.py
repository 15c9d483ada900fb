"""Sums over images and positions, in two stages by a fixed tree: partial sums of chunks, then sums of those."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from numba import cuda, float32, int32

from netspec.kernels.cuda.language.sums import BLOCK, block_sum
from netspec.kernels.cuda.language.threads import place, quotient, remainder


def channel_sum(parts, dy, images, s, d):
    """parts[chunk,k] = sum of the chunk's numbers of channel k of dy (N, channels, positions); a block a part."""
    k = remainder(int32(cuda.blockIdx.x), int32(d.sums))
    chunk = quotient(int32(cuda.blockIdx.x), int32(d.sums))
    i = int32(chunk * d.size + cuda.threadIdx.x)
    end = min(int32((chunk + 1) * d.size), int32(images * s.positions))
    total = float32(0)
    while i < end:
        n = quotient(i, int32(s.positions))
        total += dy[(n * s.channels + k) * s.positions + (i - n * s.positions)]
        i += BLOCK
    whole = block_sum(total)
    if cuda.threadIdx.x == 0:
        parts[cuda.blockIdx.x] = whole


def batch_sum(parts, dy, images, d):
    """parts[chunk,e] = sum of dy[n,e] over the chunk's images; a thread a part."""
    t = place()
    chunk = quotient(t, int32(d.sums))
    if chunk >= d.parts:
        return
    e = int32(t - chunk * d.sums)
    n = int32(chunk * d.size)
    end = min(int32(n + d.size), images)
    total = float32(0)
    while n < end:
        total += dy[n * d.sums + e]
        n += 1
    parts[t] = total


def sum_parts(total, parts, d):
    """total[e] = sum of parts[c,e] over the chunks c, neighbours first; a thread a sum. The parts are overwritten."""
    e = place()
    if e >= d.sums:
        return
    step = int32(1)
    while step < d.parts:
        c = int32(0)
        while c + step < d.parts:
            parts[c * d.sums + e] += parts[(c + step) * d.sums + e]
            c += 2 * step
        step *= 2
    total[e] = parts[e]


def sum_all(total, x, images):
    """total[0] = sum of x[0] to x[images - 1]; one block."""
    mine = float32(0)
    i = int32(cuda.threadIdx.x)
    while i < images:
        mine += x[i]
        i += BLOCK
    whole = block_sum(mine)
    if cuda.threadIdx.x == 0:
        total[0] = whole

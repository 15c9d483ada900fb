"""Sums of products whose depth blocks divided among them."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from numba import cuda, float32, int32

from netspec.kernels.cuda.language.activation import activate
from netspec.kernels.cuda.language.sums import BLOCK
from netspec.kernels.cuda.language.threads import place, quotient, remainder

SHARES = 8
"""Threads of `sum_chunks` that share a sum."""
TOGETHER = BLOCK // SHARES
"""Neighbouring sums that a block of `sum_chunks` computes."""


def sum_products(y, parts, b, images, s, d, slope):
    """y[n,k,p] = activation(b[k] + sum of parts[chunk,n,k,p] over the chunks, in order); a thread a number."""
    t = place()
    if t >= images * s.channels * s.positions:
        return
    total, chunk = parts[t], int32(1)
    while chunk < d.parts:
        total += parts[int32(chunk * d.sums + t)]
        chunk += 1
    if s.biased:
        total += b[remainder(quotient(t, int32(s.positions)), int32(s.channels))]
    y[t] = activate(total, s.activation, slope)


def sum_chunks(total, parts, d):
    """total[e] = sum of parts[chunk,e] over the chunks: `SHARES` threads a sum, each every `SHARES`-th chunk in order,
    then the threads in order."""
    shared = cuda.shared.array(BLOCK, float32)
    thread = int32(cuda.threadIdx.x)
    share = quotient(thread, int32(TOGETHER))
    e = int32(cuda.blockIdx.x * TOGETHER + (thread - share * TOGETHER))
    mine, chunk = float32(0), share
    while chunk < d.parts and e < d.sums:
        mine += parts[int32(chunk * d.sums + e)]
        chunk += SHARES
    shared[thread] = mine
    cuda.syncthreads()
    if share == 0 and e < d.sums:
        for k in range(1, SHARES):
            mine += shared[thread + k * TOGETHER]
        total[e] = mine

"""Sums over the threads of a block and of a warp, always by the same tree, and the largest number of a warp."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from numba import cuda, float32, int32

from netspec.kernels.cuda.language.jit import routine

BLOCK = 256
"""Threads of every block that calls `block_sum`."""
ALL_LANES = 0xFFFFFFFF


@routine
def block_sum(x):
    """The sum of float32 `x` over the threads of a block of `BLOCK`, for all of them."""
    sums = cuda.shared.array(BLOCK, float32)
    thread = cuda.threadIdx.x
    cuda.syncthreads()  # an earlier sum may still be read
    sums[thread] = x
    cuda.syncthreads()
    step = BLOCK // 2
    while step > 0:
        if thread < step:
            sums[thread] += sums[thread + step]
        cuda.syncthreads()
        step //= 2
    return sums[0]


@routine
def warp_sum(x):
    """The sum of `x` over the lanes of a whole warp, for all of them."""
    x += cuda.shfl_xor_sync(ALL_LANES, x, 16)
    x += cuda.shfl_xor_sync(ALL_LANES, x, 8)
    x += cuda.shfl_xor_sync(ALL_LANES, x, 4)
    x += cuda.shfl_xor_sync(ALL_LANES, x, 2)
    return x + cuda.shfl_xor_sync(ALL_LANES, x, 1)


@routine
def warp_largest(x):
    """The largest `x` of the lanes of a whole warp, for all of them; a NaN is never larger."""
    step = int32(16)
    while step > 0:
        other = cuda.shfl_xor_sync(ALL_LANES, x, step)
        x = other if other > x else x
        step >>= 1
    return x

"""Numbers of threads, and division of small numbers in 32 bits.

Numba takes `a // b` and `a % b` of int32 to 64 bits, which a GPU divides by a subroutine.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportMissingImports=false, reportOperatorIssue=false

from __future__ import annotations

from numba import cuda, int32
from numba.cuda import types
from numba.cuda.extending import intrinsic
from numba.cuda.typing import signature

from netspec.kernels.cuda.language.jit import routine


@intrinsic
def quotient(_typing, a, b):
    """a // b of int32 numbers, neither of them negative."""

    def codegen(_context, builder, _signature, arguments):
        return builder.udiv(*arguments)

    return signature(types.int32, types.int32, types.int32), codegen


@intrinsic
def remainder(_typing, a, b):
    """a % b of int32 numbers, neither of them negative."""

    def codegen(_context, builder, _signature, arguments):
        return builder.urem(*arguments)

    return signature(types.int32, types.int32, types.int32), codegen


@routine
def place():
    """The number of this thread among all threads of a call."""
    return int32(cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x)


@routine
def lane():
    """The number of this thread in its warp."""
    return int32(cuda.threadIdx.x & 31)


@routine
def warp():
    """The number of this thread's warp among all warps of a call, whose blocks have 256 threads."""
    return int32(cuda.blockIdx.x * 8 + (cuda.threadIdx.x >> 5))

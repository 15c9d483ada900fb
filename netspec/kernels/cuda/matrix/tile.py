"""A tile of a matrix product C = A B: a block of threads sums it in registers, step by step through shared memory.

A step takes `DEPTH` columns of A and rows of B. While it is computed, the numbers of the next are on their way from
global memory to registers; they are then stored to the other half of the shared memory. A thread computes `height` x
`width` numbers (`Tiling`): rows and columns in runs of four, runs half a tile apart. Each number of C is one chain of
multiply-adds in the order of A's columns.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportMissingImports=false

from __future__ import annotations

from llvmlite import ir
from numba import cuda, float32, int32
from numba.cuda import cgutils, types
from numba.cuda.extending import intrinsic
from numba.cuda.typing import signature

from netspec.kernels.cuda.language.jit import routine
from netspec.kernels.cuda.language.threads import quotient
from netspec.kernels.cuda.language.vectors import ALIGNMENT_BYTES, elements, load_vector, number

DEPTH = 8
PITCH = 132
"""Numbers between rows of shared memory: a tile's 128, and 4 so that a column's numbers are in other banks."""
HALF = DEPTH * PITCH
WHOLE = 2 * HALF
SUMS = 64
SUMS_PITCH = 8
"""Sums (i, j) of a thread are at i * SUMS_PITCH + j of a local array, which LLVM turns into registers."""


@intrinsic
def _multiply(_typing, sums, a, b, at_a, at_b, tiling):
    """sums[i,j] += a[k,i] * b[k,j] for the k of a step; a and b in shared memory, this thread's from at_a, at_b on."""
    rows, columns, height, width = (kind.literal_value for kind in tiling.types)

    def codegen(context, builder, kinds, arguments):
        data = [elements(context, builder, kinds.args[k], arguments[k]) for k in range(3)]
        one = ir.FloatType()
        fma = cgutils.get_or_insert_function(builder.module, ir.FunctionType(one, [one] * 3), "llvm.fma.f32")

        def numbers(array, at, k, count, apart):
            places = (builder.add(at, number(k * PITCH + run * apart)) for run in range(count // 4))
            runs = [load_vector(builder, array, place) for place in places]
            return [builder.extract_element(runs[i // 4], number(i % 4)) for i in range(count)]

        for k in range(DEPTH):
            left = numbers(data[1], arguments[3], k, height, rows // 2)
            right = numbers(data[2], arguments[4], k, width, columns // 2)
            for i in range(height):
                for j in range(width):
                    place = builder.gep(data[0], [number(i * SUMS_PITCH + j)])
                    builder.store(builder.call(fma, [left[i], right[j], builder.load(place)]), place)
        return context.get_dummy_value()

    return signature(types.none, sums, a, b, types.int32, types.int32, tiling), codegen


@routine
def first_row(t):
    """The first row of this thread in its tile."""
    return 4 * quotient(int32(cuda.threadIdx.x), int32(t.columns // t.width))


@routine
def first_column(t):
    """The first column of this thread in its tile."""
    across = int32(t.columns // t.width)
    return 4 * int32(cuda.threadIdx.x & (across - 1))


@routine
def row_of(i, t):
    """The row in the tile of row i of this thread."""
    return first_row(t) + (i & 3) + (i >> 2) * (t.rows // 2)


@routine
def run_of(run, t):
    """The column in the tile of the first of four columns of this thread."""
    return first_column(t) + run * (t.columns // 2)


def accumulation(fetch_a, put_a, fetch_b, put_b):
    """A routine that sums a tile over the columns `first` to `end` of A.

    `fetch(operand, k, end, s, t)` returns this thread's four numbers of the step at k, zeros beyond the matrix, and
    `put(shared, half, four, s, t)` stores them.
    """

    @routine
    def accumulate(sums, a, b, first, end, s, t):
        left = cuda.shared.array(WHOLE, float32, ALIGNMENT_BYTES)
        right = cuda.shared.array(WHOLE, float32, ALIGNMENT_BYTES)
        for i in range(SUMS):
            sums[i] = float32(0)
        at_a, at_b = first_row(t), first_column(t)
        half, k = int32(0), first
        four_a, four_b = fetch_a(a, k, end, s, t), fetch_b(b, k, end, s, t)
        put_a(left, half, four_a, s, t)
        put_b(right, half, four_b, s, t)
        cuda.syncthreads()
        while k < end:
            k = int32(k + DEPTH)
            if k < end:
                four_a, four_b = fetch_a(a, k, end, s, t), fetch_b(b, k, end, s, t)
            _multiply(sums, left, right, int32(half + at_a), int32(half + at_b), t)
            if k < end:
                half = int32(HALF - half)
                put_a(left, half, four_a, s, t)
                put_b(right, half, four_b, s, t)
                cuda.syncthreads()

    return accumulate

"""Kernels with a planted mistake, each found: by the order of threads, by NaN in shared memory, or by watching; and
right kernels, in which nothing is found."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numba import cuda, float32, uint8
from numba.cuda import types

from tests.cuda_native.run import KernelError, Order, compile_kernel

FLOATS = types.CPointer(types.float32)
SIGNATURE = types.void(FLOATS, FLOATS, FLOATS, types.int32)
N = 32


def launch(function: Callable[..., None], grid: Any, block: Any, *, watched: bool, order: Order = "forward") -> Any:
    """The first argument after a launch: N x N numbers, two random matrices and N."""
    generator = np.random.default_rng(0)
    a, b = (generator.standard_normal((N, N)).astype(np.float32) for _ in range(2))
    c = np.zeros((N, N), np.float32)
    compile_kernel(function, SIGNATURE, watched=watched).launch(grid, block, c, a, b, N, order=order)
    return c


def same_in_all_orders(function: Callable[..., None], grid: Any, block: Any) -> bool:
    orders: tuple[Order, ...] = ("forward", "reverse", 1)
    results = {launch(function, grid, block, watched=False, order=order).tobytes() for order in orders}
    return len(results) == 1


def product(c, a, b, n):
    sa, sb = cuda.shared.array((16, 16), float32), cuda.shared.array((16, 16), float32)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    row, column = cuda.blockIdx.y * 16 + ty, cuda.blockIdx.x * 16 + tx
    total = float32(0)
    for k in range(0, n, 16):
        sa[ty, tx], sb[ty, tx] = a[row * n + k + tx], b[(k + ty) * n + column]
        cuda.syncthreads()
        for j in range(16):
            total += sa[ty, j] * sb[j, tx]
        cuda.syncthreads()
    c[row * n + column] = total


def product_without_first_barrier(c, a, b, n):
    sa, sb = cuda.shared.array((16, 16), float32), cuda.shared.array((16, 16), float32)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    row, column = cuda.blockIdx.y * 16 + ty, cuda.blockIdx.x * 16 + tx
    total = float32(0)
    for k in range(0, n, 16):
        sa[ty, tx], sb[ty, tx] = a[row * n + k + tx], b[(k + ty) * n + column]
        for j in range(16):
            total += sa[ty, j] * sb[j, tx]
        cuda.syncthreads()
    c[row * n + column] = total


def product_without_second_barrier(c, a, b, n):
    sa, sb = cuda.shared.array((16, 16), float32), cuda.shared.array((16, 16), float32)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    row, column = cuda.blockIdx.y * 16 + ty, cuda.blockIdx.x * 16 + tx
    total = float32(0)
    for k in range(0, n, 16):
        sa[ty, tx], sb[ty, tx] = a[row * n + k + tx], b[(k + ty) * n + column]
        cuda.syncthreads()
        for j in range(16):
            total += sa[ty, j] * sb[j, tx]
    c[row * n + column] = total


def sums(out, x, _, n):
    s, t = cuda.shared.array(256, float32), cuda.threadIdx.x
    s[t] = x[t]
    step = 128
    while step > 0:
        cuda.syncthreads()
        if t < step:
            s[t] += s[t + step]
        step >>= 1
    if t == 0:
        out[0] = s[0]


def sums_of_a_warp_without_barrier(out, x, _, n):
    """Right before Volta: lanes of a warp made every step together."""
    s, t = cuda.shared.array(256, float32), cuda.threadIdx.x
    s[t] = x[t]
    cuda.syncthreads()
    step = 128
    while step > 0:
        if t < step:
            s[t] += s[t + step]
        if step > 32:
            cuda.syncthreads()
        step >>= 1
    if t == 0:
        out[0] = s[0]


def sums_of_warps(out, x, _, n):
    """Each warp in its own part of shared memory, ordered by `syncwarp` alone; all lanes read one place."""
    s, t = cuda.shared.array(256, float32), cuda.threadIdx.x
    s[t] = x[t]
    cuda.syncwarp()
    total = float32(0)
    for lane in range(32):
        total += s[t // 32 * 32 + lane]
    cuda.syncwarp()
    s[t] = total
    cuda.syncwarp()
    out[t] = s[t ^ 1]


def sums_of_warps_without_second(out, x, _, n):
    s, t = cuda.shared.array(256, float32), cuda.threadIdx.x
    s[t] = x[t]
    cuda.syncwarp()
    total = float32(0)
    for lane in range(32):
        total += s[t // 32 * 32 + lane]
    s[t] = total
    cuda.syncwarp()
    out[t] = s[t ^ 1]


def reads_of_other_warps(out, x, _, n):
    """Lanes of several warps read a place; `syncwarp` orders only one of them before the write."""
    s, t = cuda.shared.array(1, float32), cuda.threadIdx.x
    if t == 0:
        s[0] = x[0]
    cuda.syncthreads()
    out[t] = s[0]
    cuda.syncwarp()
    if t == 255:
        s[0] = float32(2)


def same_maximum(out, x, _, n):
    """A race that no order of threads shows: all write the same number."""
    s, t = cuda.shared.array(1, float32), cuda.threadIdx.x
    s[0] = float32(0)
    cuda.syncthreads()
    if x[t] > float32(1):
        s[0] = float32(1)
    cuda.syncthreads()
    out[t] = s[0]


def one_too_many(out, x, _, n):
    i = cuda.grid(1)
    if i <= n * n:
        out[i] = x[i]


def before_the_first(out, x, _, n):
    i = cuda.grid(1)
    out[i] = x[i - 1]


def overlapping_blocks(out, x, _, n):
    """Neighbouring blocks write one element both, the same number."""
    i = cuda.blockIdx.x * (cuda.blockDim.x - 1) + cuda.threadIdx.x
    out[i] = x[i]


def read_of_another_block(out, x, _, n):
    i = cuda.grid(1)
    out[i] = x[i]
    cuda.syncthreads()
    if cuda.threadIdx.x == 0 and i > 0:
        out[i] += out[i - 1]


def read_by_all_blocks(out, x, _, n):
    """A barrier orders the reads of a block before its write, not those of other blocks."""
    i = cuda.grid(1)
    v = out[0]
    cuda.syncthreads()
    if i == n * n - 1:
        out[0] = x[0]
    else:
        out[i + 1] = v


def exchange_in_a_block(out, x, _, n):
    """Threads of a block read what others wrote to global memory, after a barrier."""
    i, first = cuda.grid(1), cuda.blockIdx.x * cuda.blockDim.x
    out[i] = x[i]
    cuda.syncthreads()
    v = out[first + (cuda.threadIdx.x + 1) % cuda.blockDim.x]
    cuda.syncthreads()
    out[i] = v


def neighbouring_bytes(out, x, _, n):
    """Every thread has a byte of its own in one word."""
    s, t = cuda.shared.array(256, uint8), cuda.threadIdx.x
    s[t] = uint8(t)
    cuda.syncthreads()
    out[t] = float32(s[255 - t])


def one_byte_twice(out, x, _, n):
    s, t = cuda.shared.array(256, uint8), cuda.threadIdx.x
    s[t // 2] = uint8(1)
    cuda.syncthreads()
    out[t] = float32(s[t // 2])


RIGHT = (
    (product, (2, 2), (16, 16)),
    (sums, 1, 256),
    (sums_of_warps, 1, 256),
    (exchange_in_a_block, 4, 256),
    (neighbouring_bytes, 1, 256),
)
TWICE = "written by two threads"
BOTH = "read by one thread and written by another"
OUTSIDE = "outside of all ranges"
WRONG = (
    (product_without_first_barrier, (2, 2), (16, 16), f"shared .* {BOTH}"),
    (product_without_second_barrier, (2, 2), (16, 16), f"shared .* {BOTH}"),
    (sums_of_a_warp_without_barrier, 1, 256, f"shared .* {BOTH}"),
    (sums_of_warps_without_second, 1, 256, f"shared .* {BOTH}"),
    (reads_of_other_warps, 1, 256, f"shared \\+ 0x0 {BOTH}: thread 255"),
    (same_maximum, 1, 256, f"shared \\+ 0x0 {TWICE}: thread 1 and thread 0"),
    (one_too_many, 5, 256, f"argument 0 \\+ 0x1000 {OUTSIDE}: thread 0 of block 4"),
    (before_the_first, 1, 256, f"{OUTSIDE}: thread 0 of block 0"),
    (overlapping_blocks, 4, 256, f"argument 0 \\+ 0x3fc {TWICE}: thread 0 of block 1 and thread 255 of block 0"),
    (read_of_another_block, 4, 256, f"argument 0 \\+ 0x3fc {BOTH}: thread 0 of block 1 and thread 255 of block 0"),
    (read_by_all_blocks, 4, 256, f"argument 0 \\+ 0x0 {BOTH}: thread 255 of block 3"),
    (one_byte_twice, 1, 256, f"shared \\+ 0x0 {TWICE}: thread 1 and thread 0"),
)
BY_ORDER = (product_without_first_barrier, product_without_second_barrier, sums_of_a_warp_without_barrier)
NOT_BY_ORDER = (same_maximum, overlapping_blocks, one_byte_twice)


@pytest.mark.parametrize(("function", "grid", "block"), RIGHT, ids=lambda case: getattr(case, "__name__", ""))
def test_nothing_is_found_in_a_right_kernel(function: Callable[..., None], grid: Any, block: Any) -> None:
    assert same_in_all_orders(function, grid, block)
    result = launch(function, grid, block, watched=True)
    assert np.allclose(result, launch(function, grid, block, watched=False), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("function", "grid", "block", "message"), WRONG, ids=lambda case: getattr(case, "__name__", "")
)
def test_watching_finds_a_planted_mistake(function: Callable[..., None], grid: Any, block: Any, message: str) -> None:
    with pytest.raises(KernelError, match=message):
        launch(function, grid, block, watched=True)


@pytest.mark.parametrize("function", BY_ORDER, ids=lambda case: case.__name__)
def test_the_order_of_threads_shows_a_missing_barrier(function: Callable[..., None]) -> None:
    grid, block = next(case[1:3] for case in WRONG if case[0] is function)
    assert not same_in_all_orders(function, grid, block)


@pytest.mark.parametrize("function", NOT_BY_ORDER, ids=lambda case: case.__name__)
def test_watching_finds_what_no_order_shows(function: Callable[..., None]) -> None:
    grid, block = next(case[1:3] for case in WRONG if case[0] is function)
    assert same_in_all_orders(function, grid, block)


def test_a_missing_barrier_reads_nan() -> None:
    result = launch(product_without_first_barrier, (2, 2), (16, 16), watched=False)
    assert np.isnan(result).any()


def doubled(out, x, _, n):
    i = cuda.grid(1)
    out[i] = x[i] + x[i]


def test_ranges_are_the_memory_behind_addresses() -> None:
    arena = np.zeros(64, np.float32)
    arena[:16] = np.arange(16)
    kernel, first = compile_kernel(doubled, SIGNATURE, watched=True), arena.ctypes.data
    x, y = (first, 64, "x"), (first + 128, 64, "y")
    kernel.launch(1, 16, first + 128, first, 0, 0, ranges=(y, x))
    assert (arena[32:48] == 2 * np.arange(16)).all()
    with pytest.raises(KernelError, match=r"x \+ 0x80 outside of all ranges: thread 0 of block 0"):
        kernel.launch(1, 16, first + 128, first, 0, 0, ranges=(x,))
    with pytest.raises(
        KernelError, match=r"2 faulty accesses; x \+ 0x40 outside .*thread 0 of block 16; y \+ 0x40 out"
    ):
        kernel.launch(17, 1, first + 128, first, 0, 0, ranges=(x, y))


def test_a_range_given_twice_is_one() -> None:
    arena = np.ones(16, np.float32)
    compile_kernel(doubled, SIGNATURE, watched=True).launch(1, 16, arena, arena, arena, 0)
    assert (arena == 2).all()

"""The peak of one core or several: products added to a register tile from data in the first cache, and nothing else."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

import ctypes
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from netspec.ir.target import Target
from netspec.kernels.cpu.jit import kernel
from netspec.kernels.cpu.products import outer
from netspec.kernels.cpu.tile import TileShape, columns, lanes, rows, save, zeros
from netspec.runtime.host import host_target
from netspec.runtime.native import code_cache, kernel_address

ENTRY = ctypes.CFUNCTYPE(ctypes.c_int32, *[ctypes.c_void_p] * 6, *[ctypes.c_int64] * 3)
PRODUCTS = 1_000_000
"""tile products of a thread in a measurement: several milliseconds, for threads do not begin at once"""
REPEATS = 5


@kernel
def multiply_add(tile, arena, d, state, begin, end, thread):
    """Adds the same product to a tile again and again."""
    values = zeros(tile)
    for _ in range(begin, end):
        values = outer(values, arena, 0, lanes(tile), columns(tile) * lanes(tile))
    save(values, arena, 1024, columns(tile) * lanes(tile), lanes(tile), rows(tile))


def peak_tile(target: Target) -> TileShape:
    """Enough accumulators to hide an FMA's latency, and room left for the operands."""
    return TileShape(8, 3, target.lanes) if target.registers >= 32 else TileShape(4, 3, target.lanes)


def fma_peak_gflops(cache_dir: Path | None, threads: int = 1) -> float:
    """The best of a few runs, in GFLOP/s of all threads together."""
    shape = peak_tile(host_target())
    entry = ENTRY(kernel_address(multiply_add, shape, code_cache(cache_dir)))
    with ThreadPoolExecutor(threads) as pool:
        best = min(_seconds(entry, pool, threads) for _ in range(REPEATS))
    return 2 * threads * PRODUCTS * shape.rows * shape.columns * shape.lanes / best / 1e9


def peaks(cache_dir: Path | None, threads: int) -> dict[str, float]:
    """What one thread reaches, and `threads` of them together."""
    one = fma_peak_gflops(cache_dir)
    return {"gflops": one, "threads_gflops": one if threads == 1 else fma_peak_gflops(cache_dir, threads)}


def _seconds(entry: Any, pool: ThreadPoolExecutor, threads: int) -> float:
    """From when the first thread begins to when the last one ends."""
    meeting = threading.Barrier(threads)

    def loop(_: int) -> tuple[float, float]:
        arena, result = np.zeros(4096, np.float32), ctypes.c_void_p()
        meeting.wait()
        begin = time.perf_counter()
        entry(ctypes.addressof(result), None, None, arena.ctypes.data, None, None, 0, PRODUCTS, 0)
        return begin, time.perf_counter()

    begins, ends = zip(*pool.map(loop, range(threads)), strict=True)
    return max(ends) - min(begins)

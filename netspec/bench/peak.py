"""The peak of one core or several: chains of multiply-adds that stay in registers, and nothing else.

A chain is an accumulator; chains do not depend on each other, and there are enough to fill the time from one
multiply-add of a chain to the next: the latency of the instruction times those that a core begins in a cycle. x86 has
10 at most with FMA (Haswell: 5 x 2) and 12 with a product and a sum (Zen: 6 x 2), ARM 16 (Apple's, Neoverse V1: 4 x 4).
All chains and their two operands fit into the registers of the target, so nothing is loaded or stored in between.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

import ctypes
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from netspec.kernels.cpu.language import emit
from netspec.kernels.cpu.language.jit import kernel
from netspec.kernels.cpu.language.rows import Kernel
from netspec.kernels.cpu.language.tile import TileShape, lanes, load, rows, save, tile_shape
from netspec.runtime.cpu.host import host_target
from netspec.runtime.cpu.native import code_cache, kernel_address
from netspec.targets.cpu.program import Tile
from netspec.targets.target import Target

ENTRY = ctypes.CFUNCTYPE(ctypes.c_int32, *[ctypes.c_void_p] * 6, *[ctypes.c_int64] * 3)
ROUNDS = 2_000_000
"""multiply-adds of each chain in a measurement: several milliseconds, for threads do not begin at once"""
REPEATS = 5


CHAINS_OF_MANY, CHAINS_OF_FEW = 24, 12
"""chains where they and two operands fit into the registers, and where they do not"""


def _lengthened(registers, builder, arguments, add):
    """The tile with one more multiply-add in every chain: `add(chain, x, y)` for the vectors at two places."""
    shape = registers.shape
    values, memory, *places = arguments
    x, y = (emit.load(builder, memory, place, shape.lanes) for place in places)
    for k in range(shape.rows * shape.columns):
        values = builder.insert_value(values, add(builder.extract_value(values, k), x, y), k)
    return values


@intrinsic
def scale_and_add(_typing, registers, arena, x, y):
    """tile[r, c] * arena[x : +lanes] + arena[y : +lanes]: x86, which without FMA then needs no copy of a register."""

    def codegen(_context, builder, _signature, arguments):
        return _lengthened(registers, builder, arguments, lambda chain, x, y: emit.fma(builder, chain, x, y))

    return registers(registers, arena, types.intp, types.intp), codegen


@intrinsic
def add_product(_typing, registers, arena, x, y):
    """tile[r, c] + arena[x : +lanes] * arena[y : +lanes]: ARM, whose instruction adds to its accumulator."""

    def codegen(_context, builder, _signature, arguments):
        return _lengthened(registers, builder, arguments, lambda chain, x, y: emit.fma(builder, x, y, chain))

    return registers(registers, arena, types.intp, types.intp), codegen


@kernel
def scale_chains(tile, arena, d, state, begin, end, thread):
    """The loop for x86."""
    height, step = rows(tile), lanes(tile)
    chains = load(tile, arena, 0, step, step, height)
    for _ in range(begin, end):
        chains = scale_and_add(chains, arena, height * step, (height + 1) * step)
    save(chains, arena, 0, step, step, height)


@kernel
def add_to_chains(tile, arena, d, state, begin, end, thread):
    """The loop for ARM."""
    height, step = rows(tile), lanes(tile)
    chains = load(tile, arena, 0, step, step, height)
    for _ in range(begin, end):
        chains = add_product(chains, arena, height * step, (height + 1) * step)
    save(chains, arena, 0, step, step, height)


def peak_loop(target: Target) -> tuple[Kernel, TileShape]:
    """The loop for a target, and its chains: the rows of a tile."""
    chains = CHAINS_OF_MANY if target.registers >= CHAINS_OF_MANY + 2 else CHAINS_OF_FEW
    loop = add_to_chains if target.name == "neon" else scale_chains
    return loop, tile_shape(Tile(chains, 1), target)


def core_peak_gflops(cache_dir: Path | None) -> float:
    """The best of a few runs on one core, in GFLOP/s of processor time: what others take of the core does not count."""
    entry, flops = _compiled(cache_dir)
    arena = _arena()

    def seconds() -> float:
        begin = time.thread_time()
        run_loop(entry, arena, ROUNDS)
        return time.thread_time() - begin

    return flops / min(seconds() for _ in range(REPEATS)) / 1e9


def fma_peak_gflops(cache_dir: Path | None, threads: int = 1) -> float:
    """The best of a few runs, in GFLOP/s of all threads together, by the clock on the wall: what others take counts."""
    entry, flops = _compiled(cache_dir)
    with ThreadPoolExecutor(threads) as pool:
        best = min(_seconds(entry, pool, threads) for _ in range(REPEATS))
    return threads * flops / best / 1e9


def _compiled(cache_dir: Path | None) -> tuple[Any, int]:
    """The loop for this processor, and the FLOPs of ROUNDS rounds."""
    loop, shape = peak_loop(host_target())
    entry = ENTRY(kernel_address(loop, shape, code_cache(cache_dir)))
    return entry, 2 * ROUNDS * shape.rows * shape.lanes


def _arena() -> NDArray[np.float32]:
    """Chains that go on for ever without an infinity, and their operands."""
    return np.full(4096, 0.5, np.float32)


def peaks(cache_dir: Path | None, threads: int) -> dict[str, float]:
    """What one thread reaches, and `threads` of them together."""
    one = fma_peak_gflops(cache_dir)
    return {"gflops": one, "threads_gflops": one if threads == 1 else fma_peak_gflops(cache_dir, threads)}


def run_loop(entry: Any, arena: NDArray[np.float32], rounds: int) -> None:
    """Lengthens the chains, which lie in the arena, their operands behind them, by so many multiply-adds."""
    result = ctypes.c_void_p()
    entry(ctypes.addressof(result), None, None, arena.ctypes.data, None, None, 0, rounds, 0)


def _seconds(entry: Any, pool: ThreadPoolExecutor, threads: int) -> float:
    """From when the first thread begins to when the last one ends."""
    meeting = threading.Barrier(threads)

    def loop(_: int) -> tuple[float, float]:
        arena = _arena()
        meeting.wait()
        begin = time.perf_counter()
        run_loop(entry, arena, ROUNDS)
        return begin, time.perf_counter()

    begins, ends = zip(*pool.map(loop, range(threads)), strict=True)
    return max(ends) - min(begins)

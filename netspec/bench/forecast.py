"""What each launch of a program should take on this machine, before anything of it is run.

A launch does FLOPs, twice the multiply-adds of its weights, and moves bytes, each array it names once. It can be no
faster than the products that it does at the peak of a core, nor than its bytes at the bandwidth of memory; the larger
of the two is its forecast. Small arrays stay in a cache and beat it. FLOPs are told as the sum is defined; the forecast
counts the products that a launch cannot do without (`products.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from netspec.bench.peak import core_peak_gflops
from netspec.bench.products import launch_flops, least_flops
from netspec.runtime.cpu.launch_table import one_launch
from netspec.targets.cpu.program import Launch, Program

MEASUREMENTS = 3
BANDWIDTH_BYTES = 1 << 27


@dataclass(frozen=True, slots=True)
class Ceilings:
    """What one core of this machine reaches."""

    gflops: float
    gigabytes_a_second: float

    def forecast_seconds(self, flops: int, moved_bytes: int) -> float:
        """The least time for so much work."""
        return max(flops / (1e9 * self.gflops), moved_bytes / (1e9 * self.gigabytes_a_second))


@dataclass(frozen=True, slots=True)
class Work:
    """One launch, or all launches of a layer. `algorithms` and `kernels` are those that run it, in order, each once.
    `flops` are those of the definition, of which `least_flops` are done at least."""

    name: str
    algorithms: tuple[str, ...]
    kernels: tuple[str, ...]
    flops: int
    least_flops: int
    moved_bytes: int
    forecast_seconds: float


def together(name: str, parts: Sequence[Work]) -> Work:
    """Several pieces of work, one after the other."""
    return Work(
        name,
        tuple(dict.fromkeys(algorithm for part in parts for algorithm in part.algorithms)),
        tuple(dict.fromkeys(kernel for part in parts for kernel in part.kernels)),
        sum(part.flops for part in parts),
        sum(part.least_flops for part in parts),
        sum(part.moved_bytes for part in parts),
        sum(part.forecast_seconds for part in parts),
    )


def by_layer(launches: Iterable[Work]) -> tuple[Work, ...]:
    """Launches of the same layer as one, in the order in which layers first run."""
    found: dict[str, list[Work]] = {}
    for launch in launches:
        found.setdefault(launch.name, []).append(launch)
    return tuple(together(name, parts) for name, parts in found.items())


def measure_ceilings(cache_dir: Path | None) -> Ceilings:
    """The ceilings of this machine, measured now: a good part of a second."""
    return Ceilings(core_peak_gflops(cache_dir), bandwidth())


def bandwidth() -> float:
    """Gigabytes a second that one core reads and writes together, copying more than caches hold; the best of a few."""
    source = np.ones(BANDWIDTH_BYTES // 4, np.float32)
    copy = np.zeros_like(source)
    return 2 * source.nbytes / best_seconds(lambda: np.copyto(copy, source)) / 1e9


def launch_works(program: Program, ceilings: Ceilings) -> tuple[Work, ...]:
    """What each launch of a program does, and should take on one core."""
    return tuple(_work(launch, program, ceilings) for launch in program.launches)


def _work(launch: Launch, program: Program, ceilings: Ceilings) -> Work:
    flops, least, moved_bytes = (
        launch_flops(launch, program.batch),
        least_flops(launch, program.batch),
        launch_bytes(launch),
    )
    return Work(
        launch.layer,
        (launch.algorithm,) if flops else (),
        tuple(dict.fromkeys(kernel_names(launch, program))),
        flops,
        least,
        moved_bytes,
        ceilings.forecast_seconds(least, moved_bytes),
    )


def launch_bytes(launch: Launch) -> int:
    """Bytes of all arrays that a launch reads and writes, each once."""
    return sum(buffer.size_bytes for buffer in (*launch.inputs, *launch.outputs))


def kernel_names(launch: Launch, program: Program) -> Iterable[str]:
    """The functions that a launch calls."""
    return (task.row.kernel.py_func.__name__ for task in one_launch(launch, program))


def best_seconds(work: Callable[[], object]) -> float:
    """The fastest of a few calls, in seconds of the processor: what others take of it does not count."""
    best = float("inf")
    for _ in range(MEASUREMENTS):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best

"""What each launch of a program should take on this machine, before anything of it is run.

A launch does FLOPs, twice the multiply-adds of its weights, and moves bytes, each array it names once. It can be no
faster than the products that it does at the peak of a core, nor than its bytes at the bandwidth of memory; the larger
of the two is its forecast. Small arrays stay in a cache and beat it. FLOPs are told as the sum is defined; the forecast
counts the products that a launch cannot do without (`products.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from netspec.bench.peak import core_peak_gflops
from netspec.bench.products import least_flops
from netspec.bench.work import Work, work_of
from netspec.runtime.cpu.launch_table import one_launch
from netspec.targets.ceilings import Ceilings
from netspec.targets.cpu.program import Launch, Program

MEASUREMENTS = 3
BANDWIDTH_BYTES = 1 << 27


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
    return work_of(
        launch,
        program.batch,
        ceilings,
        algorithm=launch.algorithm,
        kernels=tuple(kernel_names(launch, program)),
        least_flops=least_flops(launch, program.batch),
    )


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

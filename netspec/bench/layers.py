"""The roofline of a training step: what each launch could take on this machine, and what it takes.

A launch does FLOPs, twice the multiply-adds of its weights, and moves bytes, each array it names once. It can be no
faster than its FLOPs at the peak of a core, nor than its bytes at the bandwidth of memory; the larger of the two is
its forecast. Small arrays stay in a cache and beat it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from netspec.bench.peak import fma_peak_gflops
from netspec.compiler import training_program
from netspec.data.published import PUBLISHED
from netspec.ir.counts import macs
from netspec.ir.graph import Node
from netspec.ir.program import Launch, Program
from netspec.ir.recipe import DataOptions, Experiment
from netspec.kernels.cpu.table import KERNELS
from netspec.runtime.host import host_target
from netspec.runtime.machine import Machine

LEAST_SECONDS = 4e-3
"""A launch is repeated until a measurement takes about this long."""
MOST_REPEATS = 1000
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
    """One launch, or all launches of a layer. `kernels` are the algorithms that run it, in order, each once."""

    name: str
    kernels: tuple[str, ...]
    flops: int
    moved_bytes: int
    forecast_seconds: float
    seconds: float

    def of_peak(self, ceilings: Ceilings) -> float:
        """The fraction of the peak that its multiply-adds reach."""
        return self.flops / self.seconds / (1e9 * ceilings.gflops)


@dataclass(frozen=True, slots=True)
class Roofline:
    """A step on one thread, launch by launch and layer by layer."""

    ceilings: Ceilings
    batch: int
    launches: tuple[Work, ...]

    @property
    def layers(self) -> tuple[Work, ...]:
        """Launches of the same layer as one, in the order in which layers first run."""
        found: dict[str, list[Work]] = {}
        for launch in self.launches:
            found.setdefault(launch.name, []).append(launch)
        return tuple(together(name, parts) for name, parts in found.items())

    @property
    def total(self) -> Work:
        return together("total", self.launches)


def together(name: str, parts: Sequence[Work]) -> Work:
    """Several pieces of work, one after the other."""
    return Work(
        name,
        tuple(dict.fromkeys(kernel for part in parts for kernel in part.kernels)),
        sum(part.flops for part in parts),
        sum(part.moved_bytes for part in parts),
        sum(part.forecast_seconds for part in parts),
        sum(part.seconds for part in parts),
    )


def measure_layers(experiment: Experiment, batch: int, cache_dir: Path | None) -> Roofline:
    """Times every launch of a training step by itself on one thread, its arrays as warm as its repeats leave them."""
    program = training_program(experiment, host_target(), batch)
    ceilings = Ceilings(fma_peak_gflops(cache_dir), bandwidth())
    works = tuple(_work(launch, program, ceilings, cache_dir) for launch in program.launches)
    return Roofline(ceilings, batch, works)


def bandwidth() -> float:
    """Gigabytes a second that one core reads and writes together, copying more than caches hold; the best of a few."""
    source = np.ones(BANDWIDTH_BYTES // 4, np.float32)
    copy = np.zeros_like(source)
    return 2 * source.nbytes / _best(lambda: np.copyto(copy, source)) / 1e9


def _work(launch: Launch, program: Program, ceilings: Ceilings, cache_dir: Path | None) -> Work:
    flops, moved_bytes = launch_flops(launch, program.batch), launch_bytes(launch)
    return Work(
        launch.layer,
        tuple(dict.fromkeys(kernel_names(launch, program))),
        flops,
        moved_bytes,
        ceilings.forecast_seconds(flops, moved_bytes),
        _seconds(launch, program, cache_dir),
    )


def launch_flops(launch: Launch, batch: int) -> int:
    """Twice the multiply-adds of a launch, over all images of a batch."""
    given, made = (tuple(buffer.value for buffer in buffers) for buffers in (launch.inputs, launch.outputs))
    return 2 * batch * macs(Node(launch.operation, given, made, launch.layer))


def launch_bytes(launch: Launch) -> int:
    """Bytes of all arrays that a launch reads and writes, each once."""
    return sum(buffer.size_bytes for buffer in (*launch.inputs, *launch.outputs))


def kernel_names(launch: Launch, program: Program) -> Iterable[str]:
    """The functions that a launch calls."""
    return (row.kernel.py_func.__name__ for row in KERNELS[type(launch.operation)](launch, program))


def _seconds(launch: Launch, program: Program, cache_dir: Path | None) -> float:
    """Seconds of one launch; it is repeated within one call, so that the call itself costs nothing."""
    once = _repeated(launch, program, 1, cache_dir)
    repeats = max(1, min(MOST_REPEATS, round(LEAST_SECONDS / max(once, 1e-6))))
    return once if repeats == 1 else _repeated(launch, program, repeats, cache_dir) / repeats


def _repeated(launch: Launch, program: Program, repeats: int, cache_dir: Path | None) -> float:
    machine = Machine(replace(program, launches=(launch,) * repeats), cache_dir=cache_dir)
    machine.step(program.batch)
    return _best(lambda: machine.step(program.batch))


def _best(work: Callable[[], object]) -> float:
    """The fastest of a few calls, in seconds of the processor: what others take of it does not count."""
    best = float("inf")
    for _ in range(MEASUREMENTS):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def training_images(options: DataOptions | None) -> int | None:
    """Images of the training part, where the spec itself tells: a whole published set, or so many of it."""
    if options is None or options.classes or options.source not in PUBLISHED:
        return None
    count = min(PUBLISHED[options.source].train, options.take or PUBLISHED[options.source].train)
    return count - round(options.validate * count)

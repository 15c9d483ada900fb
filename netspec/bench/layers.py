"""The roofline of a training step: what each launch could take on this machine, and what it takes.

What a launch should take is told by `forecast.py`; here it is timed. A launch that does its products directly cannot
take less time than they take at the peak: where one does, the measured peak is none.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from netspec.bench.forecast import launch_works, measure_ceilings
from netspec.bench.products import least_flops
from netspec.bench.work import Work, launch_bytes, together
from netspec.compiler import training_program
from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment
from netspec.ir import operations as ops
from netspec.ir.memory import FLOAT_BYTES
from netspec.ir.recipe import Experiment
from netspec.runtime.cpu.machine import CpuMachine
from netspec.targets.ceilings import Ceilings
from netspec.targets.cpu.processor import CpuTarget
from netspec.targets.cpu.program import WINOGRAD, Launch, Program

LEAST_SECONDS = 2e-3
"""A launch is repeated until a measurement takes about this long."""
MOST_REPEATS = 1000
ROUNDS = 8
"""How often each launch is measured, in turn with the others: a neighbour that works for a second spoils some rounds of
each, never all rounds of one."""
MOST_BYTES = 1 << 30
"""Launches take turns as long as their arrays together fill no more memory than this."""
NOISE = 1.05
"""A layer exceeds the peak where it does by more than two measurements of one speed differ."""
PROBE = Source("probe", "net probe { input 64x14x14; conv 64 1x1; dense 2 }\n")
PROBE_BATCH = 64


@dataclass(frozen=True, slots=True)
class Timed:
    """A launch, or all launches of a layer, and the seconds measured."""

    work: Work
    seconds: float

    def of_peak(self, ceilings: Ceilings) -> float:
        """The fraction of the peak that its multiply-adds reach, counted as its sums are defined."""
        return self.work.flops / self.seconds / (1e9 * ceilings.gflops)

    def products_of_peak(self, ceilings: Ceilings) -> float:
        """The fraction of the peak that the products reach which it does at least."""
        return self.work.least_flops / self.seconds / (1e9 * ceilings.gflops)


@dataclass(frozen=True, slots=True)
class Roofline:
    """A step on one thread, launch by launch and layer by layer."""

    ceilings: Ceilings
    batch: int
    launches: tuple[Timed, ...]

    @property
    def layers(self) -> tuple[Timed, ...]:
        """Launches of the same layer as one, in the order in which layers first run."""
        found: dict[str, list[Timed]] = {}
        for launch in self.launches:
            found.setdefault(launch.work.name, []).append(launch)
        return tuple(_together(name, parts) for name, parts in found.items())

    @property
    def total(self) -> Timed:
        return _together("total", self.launches)

    @property
    def beyond_peak(self) -> dict[str, float]:
        """Layers with a launch that does its products directly and faster than the peak, with the largest fraction."""
        found: dict[str, float] = {}
        for launch in self.launches:
            fraction, name = launch.products_of_peak(self.ceilings), launch.work.name
            if exceeds_peak(fraction) and not WINOGRAD.intersection(launch.work.algorithms):
                found[name] = max(fraction, found.get(name, 0.0))
        return found


def exceeds_peak(fraction: float) -> bool:
    """Whether a fraction of the peak is more than noise above it."""
    return fraction > NOISE


def _together(name: str, parts: Sequence[Timed]) -> Timed:
    return Timed(together(name, [part.work for part in parts]), sum(part.seconds for part in parts))


def measure_layers(experiment: Experiment, batch: int, target: CpuTarget, cache_dir: Path | None) -> Roofline:
    """Times every launch of a training step by itself on one thread, its arrays as warm as its repeats leave them."""
    program = training_program(experiment, target, batch)
    ceilings = measure_ceilings(cache_dir)
    seconds = launch_seconds([(launch, program) for launch in program.launches], cache_dir)
    return Roofline(ceilings, batch, tuple(map(Timed, launch_works(program, ceilings), seconds)))


def probe_of_peak(target: CpuTarget, cache_dir: Path | None, gflops: float) -> float:
    """The fraction of a measured peak that a layer of 1x1 windows reaches, whose maps fit into the second cache."""
    program = training_program(check_experiment(PROBE), replace(target, exact=True), PROBE_BATCH)
    launch = next(each for each in program.launches if isinstance(each.operation, ops.Convolution))
    (seconds,) = launch_seconds([(launch, program)], cache_dir)
    return least_flops(launch, PROBE_BATCH) / seconds / (1e9 * gflops)


def launch_seconds(launches: Iterable[tuple[Launch, Program]], cache_dir: Path | None) -> list[float]:
    """Seconds of each launch of a program: the fastest of a few rounds, in which they take turns."""
    return [seconds for some in _at_once(launches) for seconds in _in_turn(some, cache_dir)]


def _at_once(launches: Iterable[tuple[Launch, Program]]) -> Iterator[list[tuple[Launch, Program]]]:
    """The launches in groups whose arrays fit into MOST_BYTES, or of one launch."""
    some, total = list[tuple[Launch, Program]](), 0
    for launch, program in launches:
        size = launch_bytes(launch) + (launch.scratch.size_bytes if launch.scratch else 0)
        if some and total + size > MOST_BYTES:
            yield some
            some, total = [], 0
        some.append((launch, program))
        total += size
    yield some


def _in_turn(launches: Sequence[tuple[Launch, Program]], cache_dir: Path | None) -> list[float]:
    ready = [_repeated(launch, program, cache_dir) for launch, program in launches]
    best = [float("inf")] * len(ready)
    for _ in range(ROUNDS):
        for k, (machine, repeats) in enumerate(ready):
            best[k] = min(best[k], _step_seconds(machine) / repeats)
    return best


def _repeated(launch: Launch, program: Program, cache_dir: Path | None) -> tuple[CpuMachine, int]:
    """A machine that repeats a launch within one step, so that the step itself costs nothing, and how often."""
    once = _ready((launch,), program, cache_dir)
    seconds = min(_step_seconds(once) for _ in range(2))
    repeats = max(1, min(MOST_REPEATS, round(LEAST_SECONDS / max(seconds, 1e-6))))
    if repeats == 1:
        return once, 1
    return _ready((launch,) * repeats, program, cache_dir), repeats


def _ready(launches: tuple[Launch, ...], program: Program, cache_dir: Path | None) -> CpuMachine:
    """A machine that has run once. What its launches read is written first: memory that never was is one page of zeros
    wherever it is read, and always in the cache."""
    machine = CpuMachine(replace(program, launches=launches), cache_dir=cache_dir)
    for buffer in launches[0].inputs:
        begin = buffer.offset_bytes // FLOAT_BYTES
        machine.arena[begin : begin + buffer.size_bytes // FLOAT_BYTES] = 0.0
    machine.step(program.batch)
    return machine


def _step_seconds(machine: CpuMachine) -> float:
    """Of the processor: what others take of it does not count."""
    begin = time.process_time()
    machine.step(machine.program.batch)
    return time.process_time() - begin

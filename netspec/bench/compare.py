"""netspec and PyTorch side by side: each in a process of its own, interleaved, disturbed rounds done again.

A round measures the peak, a block of netspec's steps, a block of each PyTorch variant's, and the peak again. A round
in which the peak fell says nothing and is repeated.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

from netspec.diagnostics.failure import DeviceError

ROUND_SECONDS = 0.6
"""How long one side's block of steps takes, about."""
DISTURBED_PEAK = 0.8
"""A round whose peak lies below this fraction of the best one seen is done again."""
RAISED_ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "1073741824", "MALLOC_TRIM_THRESHOLD_": "1073741824"}
FORMATS = ("contiguous", "channels_last")


@dataclass(frozen=True, slots=True)
class Job:
    """What both sides run: a spec and its overrides, images a step, threads."""

    name: str
    text: str
    with_values: tuple[tuple[str, str], ...]
    settings: tuple[str, ...]
    batch: int
    threads: int
    cache_dir: str | None


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds a step of one side over all kept rounds."""

    name: str
    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


@dataclass(frozen=True, slots=True)
class Comparison:
    """`torch` is empty where netspec was measured alone."""

    job: Job
    netspec: Timing
    torch: tuple[Timing, ...]
    fma_peak_gflops: float
    rounds: int
    discarded: int

    @property
    def best(self) -> Timing | None:
        """PyTorch's fastest variant."""
        return min(self.torch, key=lambda timing: timing.median, default=None)

    @property
    def ratio(self) -> float | None:
        """The median step of PyTorch's best variant over netspec's."""
        return self.best.median / self.netspec.median if self.best else None


class Side:
    """A child process that times steps when asked."""

    def __init__(self, process: subprocess.Popen[str], name: str) -> None:
        self.process, self.name = process, name

    def ask(self, **request: Any) -> dict[str, Any]:
        """Sends one request, a JSON line, and waits for its answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            print(json.dumps(request), file=self.process.stdin, flush=True)
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise DeviceError("E622", f"the {self.name} side of the benchmark ended (exit {self.process.wait()})")
        return json.loads(answer)


@contextmanager
def started(kind: str, job: Job, environment: dict[str, str]) -> Generator[Side]:
    """A side's process, ready to time steps; it ends with the block."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(job.threads))
    process = subprocess.Popen(
        [sys.executable, "-m", f"netspec.bench.{kind}_side"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **threads, **environment},
    )
    try:
        side = Side(process, kind)
        side.ask(
            name=job.name,
            text=job.text,
            with_values=dict(job.with_values),
            settings=job.settings,
            batch=job.batch,
            threads=job.threads,
            cache_dir=job.cache_dir,
        )
        yield side
    finally:
        process.kill()
        process.communicate()


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to run a side: PyTorch with a memory format and an allocator setting."""

    name: str
    side: Side
    options: dict[str, str]
    steps: int = 1

    def calibrated(self) -> Variant:
        """With as many steps a round as fill it, after warming up."""
        self.side.ask(steps=2, **self.options)
        once = min(self.side.ask(steps=3, **self.options)["seconds"])
        return replace(self, steps=max(3, min(2000, round(ROUND_SECONDS / once))))

    def measure(self) -> float:
        """Median seconds a step of one block."""
        return statistics.median(self.side.ask(steps=self.steps, **self.options)["seconds"])


def compare(job: Job, rounds: int, progress: Callable[[int], None]) -> Comparison:
    """Times a training step of both sides. `progress` is called with the number of rounds kept so far.

    Raises DeviceError (E622) where a side ends early, as it does without PyTorch.
    """
    with ExitStack() as stack:
        ours = stack.enter_context(started("netspec", job, {}))
        sides = (
            ("default allocator", stack.enter_context(started("torch", job, {}))),
            ("raised allocator", stack.enter_context(started("torch", job, RAISED_ALLOCATOR))),
        )
        torch = [
            Variant(f"{form}, {allocator}", side, {"format": form}).calibrated()
            for allocator, side in sides
            for form in FORMATS
        ]
        return _interleave(job, Variant("netspec", ours, {}).calibrated(), torch, rounds, progress)


def measure_alone(job: Job, rounds: int, progress: Callable[[int], None]) -> Comparison:
    """Times a training step of netspec by itself, as `compare` does."""
    with started("netspec", job, {}) as ours:
        return _interleave(job, Variant("netspec", ours, {}).calibrated(), [], rounds, progress)


def _interleave(
    job: Job, ours: Variant, torch: list[Variant], rounds: int, progress: Callable[[int], None]
) -> Comparison:
    variants = [ours, *torch]
    kept: list[list[float]] = []
    best_peak, discarded = 0.0, 0
    while len(kept) < rounds:
        before = ours.side.ask(peak=True)["gflops"]
        block = [variant.measure() for variant in variants]
        after = ours.side.ask(peak=True)["gflops"]
        best_peak = max(best_peak, before, after)
        if min(before, after) < DISTURBED_PEAK * best_peak and discarded < 3 * rounds:
            discarded += 1
            continue
        kept.append(block)
        progress(len(kept))
    timings = [Timing(v.name, tuple(block[k] for block in kept)) for k, v in enumerate(variants)]
    return Comparison(job, timings[0], tuple(timings[1:]), best_peak, rounds, discarded)

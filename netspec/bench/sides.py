"""The processes of a comparison: each side in one of its own, asked for steps a line at a time."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Timer
from typing import Any

from netspec.bench.peers import LONGEST_SECONDS
from netspec.diagnostics.failure import DeviceError
from netspec.runtime.device import USUAL, DeviceChoice, choice_document

ROUND_SECONDS = 0.6
"""How long one side's block of steps takes, about."""


@dataclass(frozen=True, slots=True)
class Job:
    """What all sides run: a spec and its overrides, images a step, threads."""

    net: str
    """its name"""
    source: str
    """where the text was found, which says where the modules are that it uses"""
    text: str
    with_values: tuple[tuple[str, str], ...]
    settings: tuple[str, ...]
    batch: int
    threads: int
    cache_dir: str | None
    planned_by: DeviceChoice = USUAL
    predict: bool = False
    """whether a prediction is timed, not a training step"""
    onnx_file: str | None = None
    """the net as ONNX, for the sides that read it"""

    def side(self, name: str) -> str:
        """The module, but for `_side`, that runs this job for `netspec` or a peer."""
        return f"{name}_predict" if self.predict else name


class Side:
    """A child process that times steps when asked."""

    def __init__(self, process: subprocess.Popen[str], name: str, longest_seconds: float) -> None:
        self.process, self.name, self.longest_seconds = process, name, longest_seconds

    def ask(self, **request: Any) -> dict[str, Any]:
        """Sends one request, a JSON line, and waits for its answer. Raises DeviceError (E622) where none comes."""
        watch = Timer(self.longest_seconds, self.process.kill)
        watch.start()
        try:
            answer = self._exchange(json.dumps(request))
        finally:
            watch.cancel()
        if not answer:
            raise DeviceError("E622", f"the {self.name} side of the benchmark ended (exit {self.process.wait()})")
        return json.loads(answer)

    def _exchange(self, request: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            print(request, file=self.process.stdin, flush=True)
            return self.process.stdout.readline()
        except BrokenPipeError:
            return ""


@contextmanager
def started(
    kind: str, job: Job, environment: Mapping[str, str], longest_seconds: float = LONGEST_SECONDS
) -> Generator[Side]:
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
        side = Side(process, kind, longest_seconds)
        side.ask(
            name=job.source,
            text=job.text,
            with_values=dict(job.with_values),
            settings=job.settings,
            batch=job.batch,
            threads=job.threads,
            cache_dir=job.cache_dir,
            planned_by=choice_document(job.planned_by),
            onnx_file=job.onnx_file,
        )
        yield side
    finally:
        process.kill()
        process.communicate()


@dataclass(frozen=True, slots=True)
class Block:
    """What a round says of one variant: the median step, and how often a second it lost a processor."""

    seconds: float
    switches_a_second: float


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to run a side: PyTorch with a memory format and an allocator setting."""

    name: str
    side: Side
    options: Mapping[str, object]
    environment: Mapping[str, str]
    steps: int = 1

    def calibrated(self) -> Variant:
        """With as many steps a round as fill it, after warming up."""
        self.side.ask(steps=2, **self.options)
        once = min(self.side.ask(steps=3, **self.options)["seconds"])
        return replace(self, steps=max(3, min(2000, round(ROUND_SECONDS / once))))

    def measure(self) -> Block:
        """One block of steps."""
        answer = self.side.ask(steps=self.steps, **self.options)
        seconds = statistics.median(answer["seconds"])
        return Block(seconds, answer["switches"] / (seconds * self.steps))


def resident_bytes(variant: Variant, job: Job) -> int:
    """The most memory resident during a step of a variant, in a process that runs nothing else."""
    with started(variant.side.name, job, variant.environment) as side:
        side.ask(steps=2, **variant.options)
        side.ask(memory=True)
        side.ask(steps=3, **variant.options)
        return side.ask(memory=True)["rss_bytes"]

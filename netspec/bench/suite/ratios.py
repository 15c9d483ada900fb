"""Training steps beside PyTorch's on the same GPU: the same nets, batch and precision, in interleaved rounds."""

from __future__ import annotations

import signal
import statistics
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module
from importlib.util import find_spec
from time import perf_counter
from types import ModuleType
from typing import Any

import numpy as np

from netspec.bench.netspec_side import RATE, feed_of
from netspec.bench.serve import made_up_data
from netspec.bench.suite.bundled import bundled
from netspec.bench.suite.row import Deadline, Figure, Row
from netspec.compiler import training_program
from netspec.ir.initialize import initialize
from netspec.ir.recipe import Experiment
from netspec.runtime.cuda.device import CudaDevice
from netspec.runtime.feed import Pass

BATCH = 128
ROUNDS = 7
BLOCK_SECONDS = 0.12
"""How long one side's block of steps takes, about."""
COMPILING_SECONDS = 40.0
"""torch.compile gets no longer than this for a net,"""
COMPILING_SHARE = 0.5
"""and no more than this part of the time that is left for it."""
PROMISED_ON = "H200"
"""The GPU of the promises."""
PROMISED: Mapping[str, float] = {
    "lenet": 2.0,
    "convnetjs_cifar10": 2.0,
    "lecture": 2.0,
    "cifar10_quick": 1.3,
    "resnet18_cifar": 0.5,
    "vgg16_cifar": 0.5,
}
"""The least median step of PyTorch's fastest variant over netspec's, by spec."""

Steps = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Timed:
    """One side's steps in one variant: how many a block, and the seconds of a step in each round."""

    name: str
    run: Steps
    steps: int
    seconds: list[float] = field(default_factory=list[float])

    def measure(self) -> None:
        """One more round."""
        self.seconds.append(_spent(self.run, self.steps) / self.steps)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def judge_ratios(
    device: CudaDevice,
    deadline: Deadline,
    specs: Sequence[str] = tuple(PROMISED),
    batch: int = BATCH,
    rounds: int = ROUNDS,
    torch_device: str = "cuda",
) -> Iterator[Row]:
    """A row for each net: milliseconds of a step (median and least of the rounds), and the ratio. It fails below the
    promise on the GPU of that. Without PyTorch netspec's times stand alone, and the comparison is skipped."""
    how = Comparing(batch, rounds, torch_device)
    for left, spec in zip(range(len(specs), 0, -1), specs, strict=True):
        if deadline.passed:
            yield Row(spec, "failed", "out of time")
            continue
        ends = Deadline(perf_counter() + deadline.seconds / left)
        try:
            yield _compared(device, ends, replace(bundled(spec), augment=()), spec, how)
        except Exception as failure:  # of any kind: it is the finding, and other nets follow
            yield Row(spec, "failed", f"{type(failure).__name__}: {failure}")


@dataclass(frozen=True, slots=True)
class Comparing:
    """How nets are compared."""

    batch: int
    rounds: int
    torch_device: str


def _compared(device: CudaDevice, deadline: Deadline, experiment: Experiment, spec: str, how: Comparing) -> Row:
    ours = _calibrated("netspec", netspec_steps(device, experiment, how.batch))
    torch_side = _torch_side(how.torch_device)
    if isinstance(torch_side, str):
        _interleave([ours], how.rounds, deadline)
        return Row(spec, "skipped", torch_side, _figures(spec, ours, None))
    torch_side.give_back(how.torch_device)  # of the net before
    theirs, remarks = _variants(torch_side, experiment, how, deadline)
    _interleave([ours, *theirs], how.rounds, deadline)
    if not theirs:
        return Row(spec, "failed", "; ".join(remarks), _figures(spec, ours, None))
    return _judged(device, spec, ours, theirs, remarks)


def netspec_steps(device: CudaDevice, experiment: Experiment, batch: int) -> Steps:
    """Training steps on made-up minibatches that lie on the GPU, in one call, gathering included."""
    machine = device.machine(training_program(experiment, device.target, batch))
    machine.load(initialize(experiment.graph, experiment.train.seed))
    images, labels = made_up_data(experiment, batch)
    feeds: dict[int, Pass] = {}

    def run(steps: int) -> None:
        if steps not in feeds:
            feeds.clear()
            feeds[steps] = feed_of(images, labels, steps * batch)
        machine.run(feeds[steps], first=0, step_number=0, rates=np.full((steps, 1), RATE))

    return run


def _torch_side(torch_device: str) -> ModuleType | str:
    """The module of PyTorch's steps, or why there is none."""
    if find_spec("torch") is None:
        return "PyTorch is not installed"
    try:
        side = import_module("netspec.bench.suite.torch_steps")
    except Exception as failure:  # of any kind: a broken installation is none
        return f"PyTorch cannot be imported: {failure}"
    return side.lacks(torch_device) or side


def _variants(
    torch_side: ModuleType, experiment: Experiment, how: Comparing, deadline: Deadline
) -> tuple[list[Timed], list[str]]:
    """Every variant that runs, warm and calibrated, and remarks on the others."""
    found, remarks = list[Timed](), list[str]()
    for variant in torch_side.variants(how.torch_device):
        try:
            seconds = min(COMPILING_SECONDS, COMPILING_SHARE * deadline.seconds) if variant.compiled else None
            with limited(seconds):
                steps = torch_side.steps_of(experiment, how.batch, variant, how.torch_device)
                found.append(_calibrated(variant.name, steps))
        except Exception as failure:  # of any kind: PyTorch's fastest variant is among the others
            remarks.append(f"{variant.name}: {type(failure).__name__}: {first_line(failure)}")
    return found, remarks


def first_line(failure: Exception) -> str:
    """The first line of a message."""
    return next(iter(str(failure).splitlines()), "")


@contextmanager
def limited(seconds: float | None) -> Generator[None]:
    """Raises TimeoutError within the block, in the main thread, when it has taken so many seconds; None sets no
    limit."""
    if seconds is None:
        yield
        return

    def ring(*_: Any) -> None:
        raise TimeoutError(f"took longer than {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-3))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _calibrated(name: str, run: Steps) -> Timed:
    steps = 1
    while (seconds := _spent(run, steps)) < BLOCK_SECONDS / 4:
        steps *= 2
    return Timed(name, run, max(1, round(steps * BLOCK_SECONDS / seconds)))


def _spent(run: Steps, steps: int) -> float:
    begun = perf_counter()
    run(steps)
    return perf_counter() - begun


def _interleave(sides: Sequence[Timed], rounds: int, deadline: Deadline) -> None:
    """Rounds in which every side has a block, after one that does not count; at least one counts."""
    for side in sides:
        side.run(side.steps)
    for done in range(rounds):
        if done and deadline.passed:
            return
        for side in sides:
            side.measure()


def _judged(device: CudaDevice, spec: str, ours: Timed, theirs: Sequence[Timed], remarks: Sequence[str]) -> Row:
    best = min(theirs, key=lambda side: side.median)
    figures = _figures(spec, ours, best)
    missed = PROMISED_ON in device.driver.name and best.median / ours.median < PROMISED.get(spec, 0.0)
    told = (*(["below what is promised"] if missed else []), *remarks)
    return Row(spec, "failed" if missed else "passed", "; ".join(told), figures)


def _figures(spec: str, ours: Timed, best: Timed | None) -> dict[str, Figure]:
    return {
        "netspec_ms": 1e3 * ours.median if ours.seconds else None,
        "netspec_least_ms": 1e3 * min(ours.seconds) if ours.seconds else None,
        "torch_ms": 1e3 * best.median if best else None,
        "torch_least_ms": 1e3 * min(best.seconds) if best else None,
        "torch_variant": best.name if best else None,
        "ratio": best.median / ours.median if best else None,
        "promised_ratio": PROMISED.get(spec),
    }

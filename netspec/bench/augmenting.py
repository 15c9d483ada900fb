"""What augmentation adds to a training step: whole steps with it and without, in processor time of one thread."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from netspec.compiler import training_program
from netspec.ir.initialize import initialize
from netspec.ir.recipe import Experiment
from netspec.runtime.cpu.host import host_target
from netspec.runtime.cpu.machine import CpuMachine
from netspec.runtime.feed import Pass, Source
from netspec.targets.cpu.program import Program

EVERY_TRANSFORM = (
    "augment.shift=2",
    "augment.rotate=10",
    "augment.scale=0.9..1.1",
    "augment.mirror=horizontal",
    "augment.distort.alpha=8",
    "augment.distort.sigma=4",
    "augment.brightness=0.2",
    "augment.contrast=0.2",
    "augment.noise=0.02",
    "augment.cutout=8",
)
"""What `--augment` sets, beside a crop of the input's size with `PAD` pixels around it."""
PAD = 4
BATCHES = 8
"""different minibatches of made-up images; they are also the steps of one call"""
RATE = 1e-4
PROMISED_SHARE = 0.15
"""Augmentation is to add less to a step of `convnetjs_cifar10`."""


@dataclass(frozen=True, slots=True)
class AugmentCost:
    """Seconds of the processor a step, the least of all rounds: with augmentation and without, and of what brings
    images in by itself. `share` is the median of all rounds."""

    batch: int
    plain_seconds: float
    augmented_seconds: float
    plain_incoming_seconds: float
    incoming_seconds: float
    share: float

    @property
    def of_promise(self) -> float:
        """What is added, in relation to the promise: below 1 where it is kept."""
        return self.share / PROMISED_SHARE


def every_transform(shape: tuple[int, ...]) -> tuple[str, ...]:
    """Settings that turn all ten transforms on for a net whose input is (C, H, W)."""
    size = "x".join(str(extent) for extent in shape[1:])
    return (*EVERY_TRANSFORM, f"augment.crop={size}", f"augment.crop.pad={PAD}")


def measure_augmenting(
    experiment: Experiment, batch: int, rounds: int, cache_dir: Path | None, progress: Callable[[int], None]
) -> AugmentCost:
    """Times steps of an experiment that does all of `every_transform` beside the same without, one after the other in
    every round."""
    augmented = training_program(experiment, host_target(), batch)
    plain = training_program(replace(experiment, augment=()), host_target(), batch)
    programs = (plain, augmented, _incoming(plain), _incoming(augmented))
    steps = tuple(_stepping(program, experiment, cache_dir) for program in programs)
    found: list[tuple[float, ...]] = []
    for number in range(rounds):
        found.append(tuple(step() for step in steps))
        progress(number + 1)
    whole, more, incoming, more_incoming = (min(times) for times in zip(*found, strict=True))
    share = statistics.median((times[1] - times[0]) / times[0] for times in found)
    return AugmentCost(batch, whole, more, incoming, more_incoming, share)


def _incoming(program: Program) -> Program:
    """Bringing images in, and nothing else."""
    return replace(program, launches=())


def _stepping(program: Program, experiment: Experiment, cache_dir: Path | None) -> Callable[[], float]:
    """What runs some steps and tells the seconds of one."""
    machine = CpuMachine(program, cache_dir=cache_dir)
    machine.load(initialize(experiment.graph, experiment.train.seed))
    feed, rates = _made_up(program, experiment), np.full((BATCHES, 1), RATE)

    def seconds() -> float:
        start = time.thread_time()
        machine.run(feed, first=0, step_number=0, rates=rates)
        return (time.thread_time() - start) / BATCHES

    seconds()
    return seconds


def _made_up(program: Program, experiment: Experiment) -> Pass:
    """Random bytes as images of the input's size, with random labels; cropped where the program augments."""
    draw, count = np.random.default_rng(1), BATCHES * program.batch
    shape = (*experiment.graph.inputs[0].shape, 1, 1)[:3]
    source = Source(
        draw.integers(0, 256, (count, *shape), dtype=np.uint8),
        draw.integers(0, max(2, experiment.graph.outputs[0].elements), count).astype(np.int32),
        np.full(shape[0], 120.0),
        np.full(shape[0], 1 / 64),
    )
    crop, pad = ("random", PAD) if program.augmenting else ("none", 0)
    return Pass(source, draw.permutation(count), crop=crop, pad=pad)

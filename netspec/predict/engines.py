"""How a predictor runs its program: with images in the lanes, fed as in training, or with channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from netspec.data.dataset import Images
from netspec.ir.graph import Graph, Value
from netspec.kernels.cpu.channels.packing import packed
from netspec.predict.intake import Intake
from netspec.runtime.cpu.machine import Machine
from netspec.runtime.pace import Pace
from netspec.schedule.cpu.channels import lower_channels
from netspec.schedule.cpu.layout import choose_layout
from netspec.schedule.cpu.lower import lower
from netspec.targets.cpu.program import Layout
from netspec.targets.target import Target

Array = NDArray[Any]


class Engine(Protocol):
    """A program with its weights in place. One caller at a time."""

    def answer(self, images: Images) -> Array:
        """All outputs side by side, (N, their elements) float32, of images (N, C, H, W)."""
        ...


def make_engine(
    graph: Graph,
    weights: Mapping[str, Array],
    intake: Intake,
    target: Target,
    *,
    batch: int,
    threads: int,
    cache_dir: Path | None,
    layout: Layout | None = None,
) -> Engine:
    """The engine for `batch` images at a time, `weights` being all parameters and states of the graph. `layout` is the
    one that costs less unless given."""
    if (layout or choose_layout(graph, target, batch)) == "images":
        machine = Machine(lower(graph, target, batch), threads, cache_dir=cache_dir)
        for name, array in weights.items():
            machine.write(name, array)
        return ImageEngine(machine, intake)
    plan = lower_channels(graph, target, batch)
    machine = Machine(plan.program, threads, cache_dir=cache_dir)
    for each in plan.constants:
        arrays = tuple(weights[value.name] for value in each.node.inputs[1:])
        machine.write(each.value.name, packed(each, target.lanes, arrays))
    return ChannelEngine(machine, intake)


@dataclass(frozen=True, slots=True)
class ImageEngine:
    """Lanes hold images."""

    machine: Machine
    intake: Intake

    def answer(self, images: Images) -> Array:
        """All outputs side by side, (N, their elements) float32, of images (N, C, H, W). Ctrl-C is heard between calls
        of the machine."""
        program, pace, first = self.machine.program, Pace(), 0
        results = _empty(len(images), program.outputs)
        while first < len(images):
            steps, begin = pace.steps, perf_counter()
            part = images[first : first + steps * program.batch]
            results[first : first + len(part)] = self.machine.outputs(self.intake.feed(part)).arrays
            pace.ran(steps, perf_counter() - begin)
            first += len(part)
        return results


@dataclass(frozen=True, slots=True)
class ChannelEngine:
    """Lanes hold channels; weights were packed when it was made."""

    machine: Machine
    intake: Intake

    def answer(self, images: Images) -> Array:
        """All outputs side by side, (N, their elements) float32, of images (N, C, H, W)."""
        program = self.machine.program
        (given, *_), results = program.inputs, _empty(len(images), program.outputs)
        for first in range(0, len(images), program.batch):
            part = self.intake.normal(images[first : first + program.batch], given.shape)
            self.machine.write(given.name, part)
            self.machine.step(len(part))
            read = [self.machine.read(result.name, len(part)).reshape(len(part), -1) for result in program.outputs]
            np.concatenate(read, axis=1, out=results[first : first + len(part)])
        return results


def _empty(images: int, outputs: Sequence[Value]) -> Array:
    return np.empty((images, sum(value.elements for value in outputs)), np.float32)

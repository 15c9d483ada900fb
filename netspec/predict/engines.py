"""How a predictor runs its program: call by call, so that Ctrl-C is heard between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from netspec.compiler import forward_program
from netspec.data.dataset import Images
from netspec.ir.graph import Graph
from netspec.predict.intake import Intake
from netspec.runtime.device import Device
from netspec.runtime.machine import Array, Machine
from netspec.runtime.pace import Pace


@dataclass(frozen=True, slots=True)
class Engine:
    """A program with its weights in place. One caller at a time."""

    machine: Machine
    intake: Intake
    quick: Callable[[Images], Array] | None = None
    """`answer` for no more images than a batch has, if there is a quicker way"""

    def answer(self, images: Images) -> Array:
        """All outputs side by side, (N, their elements) float32, of images (N, C, H, W)."""
        program = self.machine.program
        if len(images) <= program.batch:
            return self.quick(images) if self.quick else self.machine.outputs(self.intake.feed(images)).arrays
        pace, first = Pace(), 0
        results = np.empty((len(images), sum(value.elements for value in program.outputs)), np.float32)
        while first < len(images):
            steps, begin = pace.steps, perf_counter()
            part = images[first : first + steps * program.batch]
            results[first : first + len(part)] = self.machine.outputs(self.intake.feed(part)).arrays
            pace.ran(steps, perf_counter() - begin)
            first += len(part)
        return results


def make_engine(graph: Graph, weights: Mapping[str, Array], intake: Intake, device: Device, batch: int) -> Engine:
    """The engine for `batch` images at a time, `weights` being all parameters and states of the graph."""
    machine = device.machine(forward_program(graph, device.target, batch, device.parallel_images))
    machine.load(weights)
    quick = machine.answering(*intake.normalisation()) if intake.pad is None else None
    return Engine(machine, intake, quick)

"""How a predictor runs its program: with images in the lanes, fed as in training, or with channels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from netspec.data.dataset import Images
from netspec.ir.graph import Graph
from netspec.ir.target import Target
from netspec.kernels.cpu.channel_packing import packed
from netspec.predict.intake import Intake
from netspec.runtime.machine import Machine
from netspec.schedule.channels import lower_channels
from netspec.schedule.layout import choose_layout
from netspec.schedule.lower import lower

Array = NDArray[Any]


class Engine(Protocol):
    """A program with its weights in place. One caller at a time."""

    def answer(self, images: Images) -> Array:
        """The first output, (N, K) float32, of images (N, C, H, W)."""
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
) -> Engine:
    """The engine for `batch` images at a time, `weights` being all parameters and states of the graph."""
    if choose_layout(graph, target, batch) == "channels":
        return ChannelEngine(graph, weights, intake, target, batch=batch, threads=threads, cache_dir=cache_dir)
    return ImageEngine(graph, weights, intake, target, batch=batch, threads=threads, cache_dir=cache_dir)


class ImageEngine:
    """Lanes hold images."""

    def __init__(
        self,
        graph: Graph,
        weights: Mapping[str, Array],
        intake: Intake,
        target: Target,
        *,
        batch: int,
        threads: int,
        cache_dir: Path | None,
    ) -> None:
        self._intake = intake
        self._machine = Machine(lower(graph, target, batch), threads, cache_dir=cache_dir)
        for name, array in weights.items():
            self._machine.write(name, array)

    def answer(self, images: Images) -> Array:
        """The first output, (N, K) float32, of images (N, C, H, W)."""
        return self._machine.outputs(self._intake.feed(images)).arrays


class ChannelEngine:
    """Lanes hold channels; weights are packed here, once."""

    def __init__(
        self,
        graph: Graph,
        weights: Mapping[str, Array],
        intake: Intake,
        target: Target,
        *,
        batch: int,
        threads: int,
        cache_dir: Path | None,
    ) -> None:
        plan = lower_channels(graph, target, batch)
        self._intake, self._batch, self._machine = intake, batch, Machine(plan.program, threads, cache_dir=cache_dir)
        self._input, self._output = graph.inputs[0], graph.outputs[0]
        for each in plan.constants:
            arrays = tuple(weights[value.name] for value in each.node.inputs[1:])
            self._machine.write(each.value.name, packed(each, target.lanes, arrays))

    def answer(self, images: Images) -> Array:
        """The first output, (N, K) float32, of images (N, C, H, W)."""
        results = np.empty((len(images), *self._output.shape), np.float32)
        for first in range(0, len(images), self._batch):
            part = self._intake.normal(images[first : first + self._batch], self._input.shape)
            self._machine.write(self._input.name, part)
            self._machine.step(len(part))
            results[first : first + len(part)] = self._machine.read(self._output.name)[: len(part)]
        return results

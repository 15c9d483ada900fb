"""Five statistics of every layer in one step: norms of weights and updates, mean and deviation of activations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspec.ir.graph import Graph
from netspec.runtime.machine import Machine
from netspec.train.step.scores import Array
from netspec.train.watch.probe import Probe


@dataclass(frozen=True, slots=True)
class LayerStatistics:
    """Statistics of one layer in one step; None where the layer has no such numbers.

    `weight` is the Euclidean norm of all weights and biases before the step, `update` that of the change by the step:
    learning rate, momentum and weight decay included. Mean and deviation are those of the activations, over images and
    units.
    """

    layer: str
    weight: float | None = None
    update: float | None = None
    mean: float | None = None
    deviation: float | None = None

    @property
    def ratio(self) -> float | None:
        """Norm of the update over norm of the weights; about 0.001 is usual."""
        return self.update / self.weight if self.update is not None and self.weight else None


class StepStatistics:
    """Collects the statistics of one step. Made before the step, because it reads the weights at construction."""

    def __init__(self, machine: Machine, graph: Graph) -> None:
        self._machine, self._graph = machine, graph
        self._before = self._weights()
        self._activations: dict[str, tuple[float, float]] = {}

    def _weights(self) -> Mapping[str, Array]:
        return {value.name: self._machine.read(value.name) for value in self._machine.program.parameters}

    def see(self, probe: Probe) -> None:
        """Adds an array of the step. Of a layer that writes several, the last counts. A convolution that also pools
        writes the outputs of two layers."""
        if probe.role in ("input", "activations"):
            numbers = probe.read().astype(np.float64)
            for layer in (probe.layer, probe.value.name):
                self._activations[layer] = float(numbers.mean()), float(numbers.std())

    @np.errstate(all="ignore")  # numbers that are not finite are the guard's to report
    def layers(self) -> tuple[LayerStatistics, ...]:
        """After the step: a row for every layer with at least one statistic, in the order of the net."""
        after = self._weights()
        change = {name: array.astype(np.float64) - self._before[name] for name, array in after.items()}
        rows: list[LayerStatistics] = []
        for layer in self._graph.layers:
            mean, deviation = self._activations.get(layer.name, (None, None))
            weight, update = _norm(self._before, layer.owned), _norm(change, layer.owned)
            rows.append(LayerStatistics(layer.name, weight, update, mean, deviation))
        return tuple(row for row in rows if row.weight is not None or row.mean is not None)


def _norm(arrays: Mapping[str, NDArray[Any]], names: tuple[str, ...]) -> float | None:
    """Euclidean norm over the arrays of these names; None without names."""
    found = [arrays[name] for name in names if name in arrays]
    return math.sqrt(sum(float(np.square(array, dtype=np.float64).sum()) for array in found)) if found else None

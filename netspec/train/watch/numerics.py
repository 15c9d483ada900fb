"""Numerics report of one step: the largest numbers of every layer, and the first array that is not finite."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from netspec.ir.graph import Graph
from netspec.ir.objective import RATE
from netspec.runtime.feed import Pass, Rates
from netspec.runtime.machine import Machine
from netspec.train.step.scores import Array
from netspec.train.watch.probe import Probe, Role, look


@dataclass(frozen=True, slots=True)
class Magnitude:
    """The largest finite absolute value of an array (None where there is none), its position, and the count of numbers
    that are not finite."""

    largest: float | None
    where: str
    broken: int = 0

    @property
    def comparable(self) -> float:
        """The largest value, below all others where there is none."""
        return -1.0 if self.largest is None else self.largest

    def joined(self, other: Magnitude | None) -> Magnitude:
        """The magnitude of both arrays together."""
        if other is None:
            return self
        larger = self if self.comparable >= other.comparable else other
        return Magnitude(larger.largest, larger.where, self.broken + other.broken)


@dataclass(frozen=True, slots=True)
class Culprit:
    """The first array that is not finite. A `weight` was so before the step; other arrays become so in it. `nan`:
    whether the first such number is NaN and not infinite. `image`: place in the data of the first image that has one,
    None where it cannot be attributed to an image; `images`: their count."""

    name: str
    layer: str
    role: Role | Literal["weight"]
    of: str
    nan: bool
    broken: int
    image: int | None = None
    images: int = 0


@dataclass(frozen=True, slots=True)
class LayerFigures:
    """Largest numbers of a layer in a step: weights before it, their gradients, activations.

    Gradients computed after the first array that is not finite are left out: they depend on it, and a ReLU whose input
    is NaN makes them zero.
    """

    name: str
    activations: Magnitude | None = None
    weights: Magnitude | None = None
    gradients: Magnitude | None = None


@dataclass(frozen=True, slots=True)
class NumericsReport:
    """A step over `images` images at a learning rate; `loss` is their mean, None where it is not finite."""

    images: int
    rate: float
    loss: float | None
    culprit: Culprit | None
    layers: tuple[LayerFigures, ...]

    @property
    def largest_weight(self) -> Magnitude | None:
        """The largest weight of all layers before the step; None without weights."""
        return _largest(layer.weights for layer in self.layers)

    @property
    def largest_gradient(self) -> Magnitude | None:
        """The largest gradient of all weights; None where nothing is trained, or where a number was not finite before
        any gradient was computed."""
        return _largest(layer.gradients for layer in self.layers)


def _largest(sizes: Iterable[Magnitude | None]) -> Magnitude | None:
    return max((size for size in sizes if size), key=lambda size: size.comparable, default=None)


@dataclass
class _Tables:
    """Numbers collected so far, by layer, and the first array that is not finite."""

    activations: dict[str, Magnitude] = field(default_factory=dict[str, Magnitude])
    gradients: dict[str, Magnitude] = field(default_factory=dict[str, Magnitude])
    culprit: Culprit | None = None


def report_numerics(
    machine: Machine, graph: Graph, feed: Pass, *, first: int, step_number: int, rates: Rates
) -> NumericsReport:
    """Takes one step from the weights of the machine, which it changes; `rates` as in `Machine.walk`."""
    images = min(machine.program.batch, len(feed.order) - first)
    order = feed.order[first : first + images].tolist()
    owners = {name: layer.name for layer in graph.layers for name in layer.owned}
    weights = _weights(machine, owners)
    tables = _Tables(culprit=_broken_weight(machine, owners))

    def see(probe: Probe) -> None:
        numbers = probe.read()
        size, sound = magnitude(numbers, probe.of), tables.culprit is None
        if size.broken and sound:
            tables.culprit = _culprit(probe, numbers, size.broken, order)
        if probe.role in ("input", "activations"):
            tables.activations[probe.layer] = size
        elif probe.role == "weight gradient" and sound:
            layer = owners[probe.of]
            tables.gradients[layer] = size.joined(tables.gradients.get(layer))

    metrics = look(machine, feed, first=first, step_number=step_number, rates=rates, see=see)
    named = [layer.name for layer in graph.layers]
    layers = _layers(named, tables.activations, weights, tables.gradients)
    loss = float(metrics[0, 0]) / images
    rate = dict(zip(machine.program.scalars, rates[0].tolist(), strict=True)).get(RATE, 0.0)
    return NumericsReport(images, rate, loss if math.isfinite(loss) else None, tables.culprit, layers)


def _weights(machine: Machine, owners: Mapping[str, str]) -> dict[str, Magnitude]:
    found: dict[str, Magnitude] = {}
    for value in machine.program.parameters:
        layer = owners[value.name]
        found[layer] = magnitude(machine.read(value.name), value.name).joined(found.get(layer))
    return found


def _broken_weight(machine: Machine, owners: Mapping[str, str]) -> Culprit | None:
    """The first weight that is not finite before the step."""
    for value in machine.program.parameters:
        numbers = machine.read(value.name)
        wrong = ~np.isfinite(numbers)
        if wrong.any():
            nan = bool(np.isnan(numbers.flat[int(wrong.argmax())]))
            return Culprit(value.name, owners[value.name], "weight", value.name, nan, int(wrong.sum()))
    return None


def _layers(
    names: Sequence[str],
    activations: Mapping[str, Magnitude],
    weights: Mapping[str, Magnitude],
    gradients: Mapping[str, Magnitude],
) -> tuple[LayerFigures, ...]:
    """A row for every layer with at least one number. A layer joined to the one before it has none."""
    rows = (LayerFigures(name, activations.get(name), weights.get(name), gradients.get(name)) for name in names)
    return tuple(row for row in rows if row.activations or row.weights or row.gradients)


def magnitude(numbers: Array, where: str) -> Magnitude:
    """Magnitude of an array named `where`."""
    sizes = np.abs(numbers)
    whole = np.isfinite(sizes)
    if whole.all():
        return Magnitude(float(sizes.max(initial=0.0)), where)
    largest = float(sizes.max(initial=0.0, where=whole)) if whole.any() else None
    return Magnitude(largest, where, int(numbers.size - whole.sum()))


def _culprit(probe: Probe, numbers: Array, broken: int, order: Sequence[int]) -> Culprit:
    wrong = ~np.isfinite(numbers)
    nan = bool(np.isnan(numbers.flat[int(wrong.argmax())]))
    culprit = Culprit(probe.value.name, probe.layer, probe.role, probe.of, nan, broken)
    if not probe.value.batched:
        return culprit
    spoiled = np.flatnonzero(wrong.reshape(len(order), -1).any(axis=1))
    return Culprit(
        probe.value.name, probe.layer, probe.role, probe.of, nan, broken, order[int(spoiled[0])], len(spoiled)
    )

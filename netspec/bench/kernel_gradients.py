"""Arrays of a training step that a device's kernels compute in float32, beside the oracle's in float64.

Each array is compared with what the oracle makes of the very arrays that its launch read. End to end, a rectifier or a
max pool that chooses otherwise in float32 changes all gradients before it: in a deep net by a quarter of the largest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from netspec.autodiff.check_gradients import random_feeds
from netspec.autodiff.differentiate import gradients
from netspec.compiler import lower
from netspec.ir import operations as ops
from netspec.ir.evaluate import run_node
from netspec.ir.evaluate_context import Context
from netspec.ir.graph import Graph, Node, Value
from netspec.ir.objective import LABEL, LOSS
from netspec.ir.operations import LossName
from netspec.ir.program import Launch, Program
from netspec.passes.optimize import optimize
from netspec.runtime.device import Device
from netspec.runtime.feed import Pass, Source
from netspec.runtime.machine import Machine

Array = NDArray[Any]

TOLERANCE = 1e-3
"""Largest relative difference that agrees. Rounding makes differences of 1e-7 to 1e-5."""
SMALLEST_PART = 1e-3
"""A gradient that should be zero, as that of a shift before a batch normalisation, is only rounding: differences of
gradients are relative to at least this part of the largest gradient of all parameters, or of all activations."""

Group = Literal["value", "activation gradient", "parameter gradient"]
"""What an array of a step is: of the forward pass, or of the backward pass with or without a batch axis."""
GRADIENTS: tuple[Group, ...] = ("activation gradient", "parameter gradient")


@dataclass(frozen=True, slots=True)
class KernelRow:
    """An array, a gradient by the parameter that it is of. `largest_error` is the largest difference of an entry,
    relative to the largest entry; infinite where one is not a number."""

    name: str
    is_parameter: bool
    elements: int
    largest_error: float

    @property
    def agrees(self) -> bool:
        return self.largest_error <= TOLERANCE


@dataclass(frozen=True, slots=True)
class KernelCheck:
    """All rows, those of parameters first, in their order, and the device's description."""

    device: str
    rows: tuple[KernelRow, ...]

    @property
    def agrees(self) -> bool:
        return all(row.agrees for row in self.rows)


def check_kernels(graph: Graph, loss: LossName, device: Device, *, images: int, seed: int = 1) -> KernelCheck:
    """Checks a training step up to its gradients on a device, optimised as for training, for a minibatch of random
    images at random parameters. Raises DeviceError where the device is too small."""
    made = gradients(graph, loss)
    parameters = [p.value for p in made.graph.parameters if p.value in made.cotangents]
    moved = {made.cotangents[value].name: value.name for value in parameters}
    if not moved:
        return KernelCheck(device.description, ())
    step = replace(made.graph, outputs=(LOSS, *dict.fromkeys(made.cotangents[value] for value in parameters)))
    drawn = random_feeds(step, images, np.random.default_rng(seed))
    feeds = {name: array.astype(np.float32) if array.dtype == np.float64 else array for name, array in drawn.items()}
    machine = device.machine(lower(optimize(step), device.target, images))
    errors = _errors(machine.program, _computed(machine, step, feeds, seed), Context(np.float64, seed))
    rows = [
        KernelRow(moved.get(value.name, value.name), value.name in moved, value.elements, error)
        for value, error in errors
    ]
    places = {name: place for place, name in enumerate(moved.values())}
    rows.sort(key=lambda row: places[row.name] if row.is_parameter else len(places))
    return KernelCheck(device.description, tuple(rows))


def _computed(machine: Machine, step: Graph, feeds: Mapping[str, Array], seed: int) -> dict[str, Array]:
    """All arrays of a step on a minibatch by name, each as it is after its launch."""
    kept = (*(parameter.value for parameter in step.parameters), *(state.value for state in step.states))
    machine.load({value.name: feeds[value.name] for value in kept})
    image = next(feeds[value.name] for value in step.inputs if value != LABEL)
    pixels = image if image.ndim == 4 else image.reshape(len(image), -1, 1, 1)
    channels = pixels.shape[1]
    source = Source(pixels, feeds[LABEL.name], np.zeros(channels, np.float32), np.ones(channels, np.float32))
    feed = Pass(source, np.arange(len(pixels)), seed=seed)
    values = dict(feeds)

    def watch(launch: Launch) -> None:
        values.update({buffer.value.name: machine.read(buffer.value.name) for buffer in launch.outputs})

    machine.walk(feed, first=0, step_number=0, rates=np.zeros((1, len(machine.program.scalars))), watch=watch)
    return values


def _errors(program: Program, values: Mapping[str, Array], context: Context) -> list[tuple[Value, float]]:
    """Every array that a launch makes, and its largest relative difference."""
    found: list[tuple[Value, Group, float, float]] = []
    is_forward = True
    for launch in program.launches:
        node = _node(launch)
        inputs = {value.name: _wide(values[value.name]) for value in node.inputs}
        exact = run_node(node, inputs, context)
        for value in node.outputs:
            group: Group = "activation gradient" if value.batched else "parameter gradient"
            difference, largest = _difference(values[value.name], exact[value.name])
            found.append((value, "value" if is_forward else group, difference, largest))
        is_forward = is_forward and not isinstance(node.operation, ops.Loss)
    least = {group: SMALLEST_PART * max((row[3] for row in found if row[1] == group), default=0) for group in GRADIENTS}
    return [
        (value, _relative(difference, max(largest, least.get(group, 0)))) for value, group, difference, largest in found
    ]


def _node(launch: Launch) -> Node:
    inputs, outputs = (tuple(buffer.value for buffer in buffers) for buffers in (launch.inputs, launch.outputs))
    return Node(launch.operation, inputs, outputs, launch.layer)


def _difference(found: Array, exact: Array) -> tuple[float, float]:
    """The largest difference and the largest number; of the places of maxima, which nearly tie at times, the part that
    differs."""
    if exact.dtype == np.int32:
        return float((found != exact).mean()), 1.0
    return float(np.abs(found - exact).max()), float(np.abs(exact).max())


def _wide(array: Array) -> Array:
    return array.astype(np.float64) if array.dtype == np.float32 else array


def _relative(difference: float, largest: float) -> float:
    """Infinite where either is not a number."""
    if not np.isfinite(difference) or not np.isfinite(largest):
        return float("inf")
    return difference / max(largest, float(np.finfo(np.float32).tiny))

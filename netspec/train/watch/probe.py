"""Probes: every array that a step writes, in order, with its role."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np

from netspec.ir.graph import Value
from netspec.ir.operations import DenseWeightUpdate, LossGradient, Operation, SgdUpdate
from netspec.ir.program import Launch, Program
from netspec.runtime.feed import Pass, Rates
from netspec.runtime.machine import Machine
from netspec.train.step.scores import Array

Role = Literal["input", "activations", "statistics", "loss", "gradient", "weight gradient", "update"]
"""`gradient` is of activations; `statistics` are batch and running statistics, and partial sums."""


@dataclass(frozen=True, slots=True)
class Probe:
    """An array that a launch of `layer` has just written; `operation` is None for an input. `of` is the parameter of a
    weight gradient or an update, else the name of the array."""

    value: Value
    layer: str
    role: Role
    of: str
    operation: Operation | None
    read: Callable[[], Array]
    """Reads (n, *shape) for the n images of the minibatch, or (*shape) without a batch axis."""
    read_few: Callable[[int], Array]
    """Reads at most so many images."""


def look(
    machine: Machine, feed: Pass, *, first: int, step_number: int, rates: Rates, see: Callable[[Probe], None]
) -> Array:
    """Takes one step as `Machine.walk` does and passes every float32 array to `see`: inputs first, then in the order of
    writing. A weight gradient that is not stored is computed for it.

    Returns (1, 2): sums of the loss and of correct answers. NumPy warns of no number that is not finite.
    """
    program, images = machine.program, min(machine.program.batch, len(feed.order) - first)
    roles = _roles(program)
    shown_inputs = False

    def probe(value: Value, layer: str, operation: Operation | None) -> Probe:
        role, of = roles[value.name]
        read = partial(machine.read, value.name)
        return Probe(value, layer, role, of, operation, partial(read, images), lambda most: read(min(most, images)))

    def watch(launch: Launch) -> None:
        nonlocal shown_inputs
        if not shown_inputs:
            shown_inputs = True
            for value in program.inputs:
                if value.batched and value.dtype == "float32":
                    see(probe(value, value.name, None))
        if isinstance(launch.operation, DenseWeightUpdate):
            see(_gradient_on_the_way(machine, launch, images))
        for buffer in launch.outputs:
            if buffer.value.dtype == "float32":
                see(probe(buffer.value, launch.layer, launch.operation))

    with np.errstate(all="ignore"):
        return machine.walk(feed, first=first, step_number=step_number, rates=rates, watch=watch)


def _gradient_on_the_way(machine: Machine, launch: Launch, images: int) -> Probe:
    """The gradient of a launch that updates weights without storing it: summed again, so its rounding differs."""
    x, dy, weight = (buffer.value for buffer in launch.inputs[:3])

    def read() -> Array:
        cotangents, inputs = (machine.read(each.name, images).reshape(images, -1) for each in (dy, x))
        return (cotangents.T @ inputs).reshape(weight.shape)

    gradient = replace(weight, name=f"{weight.name}.gradient")
    return Probe(gradient, launch.layer, "weight gradient", weight.name, launch.operation, read, lambda _: read())


def _roles(program: Program) -> Mapping[str, tuple[Role, str]]:
    """Role of every array, and its parameter or own name."""
    updates = [launch for launch in program.launches if isinstance(launch.operation, SgdUpdate)]
    weight_gradients = {launch.inputs[1].value.name: launch.inputs[0].value.name for launch in updates}
    roles: dict[str, tuple[Role, str]] = {value.name: ("input", value.name) for value in program.inputs}
    backward = False
    for launch in program.launches:
        backward = backward or isinstance(launch.operation, LossGradient)
        for value in (buffer.value for buffer in launch.outputs):
            if isinstance(launch.operation, SgdUpdate):
                roles[value.name] = "update", launch.inputs[0].value.name
            elif isinstance(launch.operation, DenseWeightUpdate):
                roles[value.name] = "update", launch.inputs[2].value.name
            elif value.name in weight_gradients:
                roles[value.name] = "weight gradient", weight_gradients[value.name]
            elif value in program.outputs and not value.batched:
                roles[value.name] = "loss", value.name
            elif not value.batched:
                roles[value.name] = "statistics", value.name
            else:
                roles[value.name] = "gradient" if backward else "activations", value.name
    return roles


def finite(numbers: Array) -> bool:
    """Whether no number is infinite or NaN."""
    return bool(np.isfinite(numbers).all())

"""A net that is looked into: its checked graph, its weights and the device that runs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from netspec.ir.graph import Graph, Shape
from netspec.ir.program import Program
from netspec.runtime.device import Device
from netspec.runtime.feed import Pass, Source
from netspec.runtime.machine import Array, Machine

BATCH = 16
"""Most images that are worked on at a time; memory grows with it, since maps of all layers are kept."""


@dataclass(frozen=True, slots=True)
class Net:
    """`weights` holds every parameter and state of `graph` by name, (*shape) each.

    All functions of this package take images as the net sees them: float32, (N, *shape of its input), N of at least
    one, with the mean taken off and scaled (`predict/intake.py: Intake.normal`). Dropout is off, batch normalisation
    takes its running statistics, and nothing is augmented.
    """

    graph: Graph
    weights: Mapping[str, Array]
    device: Device

    @property
    def shape(self) -> Shape:
        """Of an image, (C, H, W), or (features,)."""
        return self.graph.inputs[0].shape


def loaded(net: Net, graph: Graph, program: Program) -> Machine:
    """A program that was planned of `graph`, a form of the net's, with its weights in memory. Raises DeviceError (E590)
    where memory is too small."""
    machine = net.device.machine(program)
    machine.load({kept.value.name: net.weights[kept.value.name] for kept in (*graph.parameters, *graph.states)})
    return machine


def fed(images: Array) -> Pass:
    """Images (N, *shape) as a pass over them, in their order, that changes no number."""
    planes = np.asarray(images, np.float32).reshape(len(images), *(*images.shape[1:], 1, 1)[:3])
    channels = int(planes.shape[1])
    source = Source(planes, None, np.zeros(channels, np.float32), np.ones(channels, np.float32))
    return Pass(source, np.arange(len(images)))

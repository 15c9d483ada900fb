"""Gradients of units by the image, or by another layer's output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from netspec.compiler import gradient_graph, lower
from netspec.diagnostics.failure import CompilerBug, UsageError
from netspec.insight.net import BATCH, Net, fed, loaded
from netspec.insight.units import Unit, cotangent
from netspec.ir.graph import Graph, Layer, Shape, Value
from netspec.runtime.machine import Array, Machine


@dataclass(frozen=True, slots=True)
class Gradients:
    """Of N images: `outputs` of the layer that is differentiated, (N, *shape), `by` what it is differentiated by, and
    `gradients`, both (N, *shape of it); float32."""

    outputs: Array
    by: Array
    gradients: Array


@dataclass(frozen=True, slots=True)
class GradientEngine:
    """A program for gradients with its weights in place: made once, asked again and again. One caller at a time."""

    machine: Machine
    cotangent: str
    """the input that holds the cotangent of each image"""
    shapes: tuple[Shape, Shape]
    """of the layer's output, and of what it is differentiated by"""

    def take(self, images: Array, cotangents: Array) -> Gradients:
        """Of images (N, *input's shape) the gradients of the sum of outputs weighed by `cotangents`, (N, *shape)."""
        if len(images) != len(cotangents):
            raise CompilerBug(f"{len(cotangents)} cotangents for {len(images)} images")
        batch = self.machine.program.batch
        rows = [
            self._minibatch(images[first : first + batch], cotangents[first : first + batch])
            for first in range(0, len(images), batch)
        ]
        arrays, (of, by) = np.concatenate(rows), self.shapes
        ends = np.cumsum([0, *(int(np.prod(shape)) for shape in (of, by, by))]).tolist()
        parts = [arrays[:, begin:end] for begin, end in pairwise(ends)]
        outputs, values, gradients = (
            part.reshape(len(images), *shape) for part, shape in zip(parts, (of, by, by), strict=True)
        )
        return Gradients(outputs, values, gradients)

    def _minibatch(self, images: Array, cotangents: Array) -> Array:
        self.machine.write(self.cotangent, cotangents)
        return self.machine.outputs(fed(images)).arrays


def gradient_engine(
    net: Net, of: Layer, by: Layer | None = None, *, batch: int = BATCH, guided: bool = False
) -> GradientEngine:
    """The engine for gradients of a layer's output by that of the layer `by`, or without one by the image, on up to
    `batch` images at a time; with `guided` rectifiers pass gradients by the guided rule (Springenberg et al. 2014).

    Raises UsageError (E479) where the output does not depend on `by`, DeviceError (E590).
    """
    source = net.graph.inputs[0] if by is None else by.output
    if not depends(net.graph, of.output, source):
        raise UsageError("E479", f"`{of.name}` does not depend on `{source.name}`")
    graph = gradient_graph(net.graph, of.output, source, guided=guided)
    machine = loaded(net, graph, lower(graph, net.device.target, batch))
    return GradientEngine(machine, graph.inputs[1].name, (of.output.shape, source.shape))


def unit_gradients(
    net: Net, units: Sequence[Unit], images: Array, *, by: Layer | None = None, guided: bool = False
) -> Gradients:
    """The gradients of units of one layer, one for each of the images (N, *input's shape). Raises as
    `gradient_engine`."""
    names = {unit.layer.name for unit in units}
    if len(names) != 1:
        raise CompilerBug(f"units of one layer are needed, these are of {sorted(names)}")
    engine = gradient_engine(net, units[0].layer, by, batch=min(len(images), BATCH), guided=guided)
    return engine.take(images, np.stack([cotangent(unit) for unit in units]))


def depends(graph: Graph, value: Value, source: Value) -> bool:
    """Whether `value` is computed from `source`, or is it."""
    reached = {value}
    for node in reversed(graph.nodes):
        if not reached.isdisjoint(node.outputs):
            reached.update(node.inputs)
    return source in reached

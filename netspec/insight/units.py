"""Units: single numbers of a layer's output, and means of its channels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from netspec.counting.field import Box
from netspec.counting.receptive import crop
from netspec.diagnostics.failure import UsageError
from netspec.ir.graph import Graph, Layer
from netspec.ir.operations import Pair
from netspec.runtime.machine import Array


@dataclass(frozen=True, slots=True)
class Unit:
    """A value of a layer that a picture is made of: of a map the number of `channel` at `position` (y, x), or without a
    position the mean of the channel; of a flat vector number `channel`, such as the logit of a class, without a
    position. Channels and positions count from 0. Raises UsageError (E479) where the layer has no such number."""

    layer: Layer
    channel: int
    position: Pair | None = None

    def __post_init__(self) -> None:
        channels, *plane = self.layer.output.shape
        if not 0 <= self.channel < channels:
            raise UsageError("E479", f"`{self.layer.name}` has no channel {self.channel}: it has {channels}, from 0")
        if self.position is None:
            return
        if not plane:
            raise UsageError("E479", f"`{self.layer.name}` gives a flat vector, whose numbers have no position")
        if not all(0 <= place < size for place, size in zip(self.position, plane, strict=True)):
            place, size = (" x ".join(map(str, pair)) for pair in (self.position, plane))
            raise UsageError("E479", f"`{self.layer.name}` has no position {place}: its maps are {size}, from 0")


def cotangent(unit: Unit) -> Array:
    """The weights by which the unit is a sum of its layer's output, (*shape) float32."""
    weights = np.zeros(unit.layer.output.shape, np.float32)
    if unit.position is not None:
        weights[unit.channel, *unit.position] = 1
    else:
        weights[unit.channel] = 1 / weights[unit.channel].size
    return weights


def unit_values(unit: Unit, outputs: Array) -> Array:
    """The unit's values, (N,) float32, in outputs (N, *shape) of its layer."""
    if unit.position is not None:
        return outputs[:, unit.channel, *unit.position]
    return outputs[:, unit.channel].reshape(len(outputs), -1).mean(axis=1)


def unit_crop(graph: Graph, unit: Unit) -> Box | None:
    """The part of the image that the unit depends on; of a channel's mean, what any of its numbers does. None where it
    depends on no pixel, or the input is not an image."""
    return crop(graph, unit.layer.output, unit.channel, unit.position)

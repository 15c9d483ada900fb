"""Maps: what layers make of images, by one pass through the net."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from netspec.compiler import forward_program, maps_graph
from netspec.insight.net import BATCH, Net, fed, loaded
from netspec.ir.graph import Layer
from netspec.runtime.machine import Array, Machine


@dataclass(frozen=True, slots=True)
class MapsEngine:
    """A program for the outputs of `layers` with its weights in place: made once, asked again and again. One caller at
    a time."""

    machine: Machine
    layers: tuple[Layer, ...]

    def take(self, images: Array) -> dict[str, Array]:
        """As `look`."""
        arrays = self.machine.outputs(fed(images)).arrays
        ends = np.cumsum([0, *(layer.output.elements for layer in self.layers)]).tolist()
        return {
            layer.name: arrays[:, begin:end].reshape(len(images), *layer.output.shape)
            for layer, (begin, end) in zip(self.layers, pairwise(ends), strict=True)
        }


def maps_engine(net: Net, layers: Sequence[Layer], batch: int = BATCH) -> MapsEngine:
    """The engine for these layers' outputs, on up to `batch` images at a time. Raises DeviceError (E590)."""
    graph = maps_graph(net.graph, tuple(layer.output for layer in layers))
    machine = loaded(net, graph, forward_program(graph, net.device.target, batch))
    return MapsEngine(machine, tuple(layers))


def look(net: Net, images: Array, layers: Sequence[Layer] | None = None) -> dict[str, Array]:
    """Outputs of layers by name, activations included, for images (N, *input's shape): float32, (N, K, y, x), or (N, K)
    of a flat vector.

    Without `layers`, of all, the input included. They come from one pass, whose work grows with the layers; nothing is
    computed that they do not need. Raises DeviceError (E590).
    """
    chosen = net.graph.layers if layers is None else layers
    return maps_engine(net, chosen, min(len(images), BATCH)).take(images)

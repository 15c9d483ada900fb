"""What excites a channel: the images of a data part that do most."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from netspec.diagnostics.failure import CompilerBug
from netspec.insight.maps import maps_engine
from netspec.insight.net import Net
from netspec.insight.units import Unit
from netspec.ir.graph import Layer
from netspec.runtime.machine import Array


@dataclass(frozen=True, slots=True)
class Strongest:
    """For each of K channels of `layer` its strongest images, at most `count`, best first.

    `images` (K, count) are their numbers, `values` (K, count) float32 the largest number of the channel in each, and
    `positions` (K, count, 2) where that is, y and x; zeros for a layer that gives a flat vector.
    """

    layer: Layer
    images: Array
    values: Array
    positions: Array

    def units(self, channel: int) -> tuple[Unit, ...]:
        """The units that a channel's images excite, one for each of them."""
        flat = len(self.layer.output.shape) == 1
        places = [(int(y), int(x)) for y, x in self.positions[channel]]
        return tuple(Unit(self.layer, channel, None if flat else place) for place in places)


def strongest(net: Net, layer: Layer, batches: Iterable[Array], count: int = 9) -> Strongest:
    """The images that excite each channel of a layer most, out of batches (N, *input's shape), which are numbered from
    0 in their order. An image counts once, by the first of its largest numbers; of equal images the earlier is better.

    Zeiler and Fergus, "Visualizing and understanding convolutional networks", 2013, section 4. Raises CompilerBug where
    there is no image, DeviceError (E590).
    """
    engine, first = maps_engine(net, (layer,)), 0
    best: Strongest | None = None
    for images in batches:
        found = _peaks(layer, engine.take(images)[layer.name], first)
        best = _best(found if best is None else _joined(best, found), count)
        first += len(images)
    if best is None:
        raise CompilerBug("no image is there to excite anything")
    return best


def _peaks(layer: Layer, maps: Array, first: int) -> Strongest:
    """The largest number of each channel in each image, of maps (N, K, y, x) or flat vectors (N, K)."""
    count, channels, *plane = (int(size) for size in maps.shape)
    flat = maps.reshape(count, channels, -1).transpose(1, 0, 2)
    places: Array = flat.argmax(axis=2)
    width = plane[1] if plane else 1
    positions = np.stack((places // width, places % width), axis=-1)
    numbers = np.tile(np.arange(first, first + count), (channels, 1))
    return Strongest(layer, numbers, flat.max(axis=2), positions)


def _joined(one: Strongest, other: Strongest) -> Strongest:
    pairs = ((one.images, other.images), (one.values, other.values), (one.positions, other.positions))
    return Strongest(one.layer, *(np.concatenate(pair, axis=1) for pair in pairs))


def _best(found: Strongest, count: int) -> Strongest:
    """The `count` strongest of each channel, in order; equal ones keep theirs."""
    order = np.argsort(-found.values, axis=1, kind="stable")[:, :count]
    images, values = (np.take_along_axis(array, order, axis=1) for array in (found.images, found.values))
    return Strongest(found.layer, images, values, np.take_along_axis(found.positions, order[..., None], axis=1))

"""Which pixels a unit's value comes from: saliency, Grad-CAM and occlusion. For a prediction the unit is a logit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from netspec.diagnostics.failure import UsageError
from netspec.insight.gradients import unit_gradients
from netspec.insight.maps import MapsEngine, maps_engine
from netspec.insight.net import BATCH, Net
from netspec.insight.units import Unit, unit_values
from netspec.ir.graph import Layer, Shape
from netspec.ir.operations import Pair
from netspec.runtime.machine import Array


def saliency(net: Net, unit: Unit, images: Array, *, guided: bool = False) -> Array:
    """The largest gradient of a unit by any channel of each pixel, in magnitude: (N, H, W), or (N, features).

    Simonyan, Vedaldi, Zisserman, "Deep inside convolutional networks", 2013, section 3. Raises as `unit_gradients`.
    """
    gradients = np.abs(unit_gradients(net, [unit] * len(images), images, guided=guided).gradients)
    return gradients.max(axis=1) if gradients.ndim == 4 else gradients


def grad_cam(net: Net, unit: Unit, layer: Layer, images: Array) -> Array:
    """Where the maps of a layer raise a unit: the positive part of the sum over its channels of the map times the mean
    of the unit's gradient by it, (N, y, x), in units of the unit.

    Selvaraju et al., "Grad-CAM", 2016, section 3. Raises UsageError (E479) where the layer gives no maps, or the unit
    does not depend on it.
    """
    if len(layer.output.shape) != 3:
        raise UsageError("E479", f"`{layer.name}` gives a flat vector and no maps")
    found = unit_gradients(net, [unit] * len(images), images, by=layer)
    importance = found.gradients.mean(axis=(2, 3))
    return np.maximum(np.einsum("nk,nkyx->nyx", importance, found.by), 0)


@dataclass(frozen=True, slots=True)
class Occlusion:
    """`values` (N, rows, columns) of a unit with a patch over the image at each place, beside `whole` (N,) of the image
    as it is: where the first are lower, the unit needs what was covered."""

    values: Array
    whole: Array


def occlusion(
    net: Net, unit: Unit, images: Array, *, patch: Pair, stride: Pair = (1, 1), fill: float = 0.0
) -> Occlusion:
    """The values of a unit for images (N, C, H, W) of which a patch (height, width) has the value `fill`, 0 being the
    mean of a normalised image; row r, column c is the patch whose first pixel is (r, c) * stride.

    Zeiler and Fergus, "Visualizing and understanding convolutional networks", 2013, section 4.2. Raises UsageError
    (E479) where the net takes no images, or the patch does not fit.
    """
    places = _places(net.shape, patch, stride)
    engine = maps_engine(net, (unit.layer,))
    covered = [(n, place) for n in range(len(images)) for row in places for place in row]
    values: list[Array] = []
    for first in range(0, len(covered), BATCH):
        some = covered[first : first + BATCH]
        shown = images[[n for n, _ in some]]
        for image, (_, (top, left)) in zip(shown, some, strict=True):
            image[:, top : top + patch[0], left : left + patch[1]] = fill
        values.append(_measured(engine, unit, shown))
    sizes = len(images), len(places), len(places[0])
    return Occlusion(np.concatenate(values).reshape(sizes), _measured(engine, unit, images))


def _places(shape: Shape, patch: Pair, stride: Pair) -> list[list[Pair]]:
    """The first pixel of the patch of each row and column."""
    if len(shape) != 3 or not all(1 <= side <= size for side, size in zip(patch, shape[1:], strict=True)):
        raise UsageError("E479", f"a patch of {patch[0]} x {patch[1]} does not fit on {' x '.join(map(str, shape))}")
    tops, lefts = (range(0, size - side + 1, step) for size, side, step in zip(shape[1:], patch, stride, strict=True))
    return [[(top, left) for left in lefts] for top in tops]


def _measured(engine: MapsEngine, unit: Unit, images: Array) -> Array:
    return unit_values(unit, engine.take(images)[unit.layer.name])

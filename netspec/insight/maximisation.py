"""Activation maximisation: an image made to excite a unit, by gradient ascent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from netspec.insight.gradients import GradientEngine, gradient_engine
from netspec.insight.maps import look
from netspec.insight.net import BATCH, Net
from netspec.insight.units import Unit, cotangent, unit_values
from netspec.runtime.machine import Array

AT_REST = 1e-12
"""A gradient of a smaller root mean square is that of a unit at rest: the image does not follow it."""


@dataclass(frozen=True, slots=True)
class Ascent:
    """How an image is made, whose numbers are normalised: of a deviation of about 1.

    It begins as noise of the deviation `noise`: of `starts` such images the one that excites the unit most, since a
    rectified unit at rest has no gradient to follow. Each of `steps` takes the part `decay` of the image off, which
    keeps its norm small, and adds the gradient, scaled to the root mean square `rate`. The gradient is taken of the
    image moved by up to `jitter` rows and columns at random, round its edges, and moved back: what excites the unit in
    one alignment of the pixels alone averages out. A flat vector is not moved.
    """

    steps: int = 200
    rate: float = 0.1
    decay: float = 0.05
    jitter: int = 2
    noise: float = 0.1
    starts: int = 16


USUAL = Ascent()


@dataclass(frozen=True, slots=True)
class Maximised:
    """`image` (*input's shape) float32, and `values` (steps + 1,) float32 of the unit: for the moved image of each
    step, and for the image at the end."""

    image: Array
    values: Array

    @property
    def at_rest(self) -> bool:
        """Whether the unit was zero all the time: no image of noise reached it, and it had no gradient to follow."""
        return not self.values.any()


def unheard(images: int) -> None:
    """Tells nobody."""


def maximise(net: Net, unit: Unit, seed: int, ascent: Ascent = USUAL) -> Maximised:
    """An image that excites a unit; the same bits for the same seed, net and device. As `maximise_each`."""
    return maximise_each(net, [unit], seed, ascent)[0]


def maximise_each(
    net: Net,
    units: Sequence[Unit],
    seed: int,
    ascent: Ascent = USUAL,
    stepped: Callable[[int], object] = lambda _: None,
) -> list[Maximised]:
    """An image for each of these units of one layer. All begin at noise of the same seed and are moved alike, so an
    image does not depend on the other units, but for rounding. `stepped` receives how many images each step moved.

    Simonyan, Vedaldi, Zisserman, "Deep inside convolutional networks", 2013, section 2, for the penalty of the norm;
    Olah, Mordvintsev, Schubert, "Feature visualization", 2017, for the jitter. Raises as `gradient_engine`.
    """
    engine = gradient_engine(net, units[0].layer, batch=min(len(units), BATCH))
    found: list[Maximised] = []
    for first in range(0, len(units), BATCH):
        found += _together(net, engine, units[first : first + BATCH], np.random.default_rng(seed), ascent, stepped)
    return found


def _together(
    net: Net,
    engine: GradientEngine,
    units: Sequence[Unit],
    rng: np.random.Generator,
    ascent: Ascent,
    stepped: Callable[[int], object],
) -> list[Maximised]:
    """The images of so many units as the engine takes at a time."""
    images, weights = _starts(net, units, rng, ascent), np.stack([cotangent(unit) for unit in units])
    values = np.empty((ascent.steps + 1, len(units)), np.float32)
    for step in range(ascent.steps):
        down, right = (int(places) for places in rng.integers(-ascent.jitter, ascent.jitter + 1, size=2))
        found = engine.take(_moved(images, down, right), weights)
        values[step] = _each(units, found.outputs)
        gradients = _moved(found.gradients, -down, -right)
        sizes = np.sqrt(np.mean(np.square(gradients.reshape(len(units), -1)), axis=1))
        rates = np.where(sizes > AT_REST, ascent.rate / np.maximum(sizes, AT_REST), 0).astype(np.float32)
        images = np.float32(1 - ascent.decay) * images + rates.reshape(-1, *(1 for _ in net.shape)) * gradients
        stepped(len(units))
    values[-1] = _each(units, engine.take(images, weights).outputs)
    return [Maximised(image, own) for image, own in zip(images, values.T, strict=True)]


def _each(units: Sequence[Unit], outputs: Array) -> Array:
    """The value of each unit in its own image, (N,)."""
    return np.array([unit_values(unit, outputs[n : n + 1])[0] for n, unit in enumerate(units)], np.float32)


def _starts(net: Net, units: Sequence[Unit], rng: np.random.Generator, ascent: Ascent) -> Array:
    """For each unit the image of noise that its ascent begins at, the first of the best, (N, *input's shape)."""
    images = (ascent.noise * rng.standard_normal((ascent.starts, *net.shape))).astype(np.float32)
    outputs = look(net, images, (units[0].layer,))[units[0].layer.name]
    return images[[unit_values(unit, outputs).argmax() for unit in units]]


def _moved(images: Array, down: int, right: int) -> Array:
    """Images (N, C, H, W) moved round their edges; flat vectors as they are."""
    return np.roll(images, (down, right), axis=(2, 3)) if images.ndim == 4 else images

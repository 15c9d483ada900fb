"""Activation maximisation: an image made to excite a unit, by gradient ascent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from netspec.insight.gradients import gradient_engine
from netspec.insight.maps import look
from netspec.insight.net import Net
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


def maximise(net: Net, unit: Unit, seed: int, ascent: Ascent = USUAL) -> Maximised:
    """An image that excites a unit; the same bits for the same seed, net and device.

    Simonyan, Vedaldi, Zisserman, "Deep inside convolutional networks", 2013, section 2, for the penalty of the norm;
    Olah, Mordvintsev, Schubert, "Feature visualization", 2017, for the jitter. Raises as `gradient_engine`.
    """
    engine, rng = gradient_engine(net, unit.layer, batch=1), np.random.default_rng(seed)
    image = _start(net, unit, rng, ascent)
    weights, values = cotangent(unit)[None], np.empty(ascent.steps + 1, np.float32)
    for step in range(ascent.steps):
        down, right = (int(places) for places in rng.integers(-ascent.jitter, ascent.jitter + 1, size=2))
        found = engine.take(_moved(image, down, right)[None], weights)
        values[step] = unit_values(unit, found.outputs)[0]
        gradient = _moved(found.gradients[0], -down, -right)
        size = float(np.sqrt(np.mean(gradient * gradient)))
        image = np.float32(1 - ascent.decay) * image
        if size > AT_REST:
            image += np.float32(ascent.rate / size) * gradient
    values[-1] = unit_values(unit, engine.take(image[None], weights).outputs)[0]
    return Maximised(image, values)


def _start(net: Net, unit: Unit, rng: np.random.Generator, ascent: Ascent) -> Array:
    """The image of noise that the ascent begins at, the first of the best."""
    images = (ascent.noise * rng.standard_normal((ascent.starts, *net.shape))).astype(np.float32)
    return images[unit_values(unit, look(net, images, (unit.layer,))[unit.layer.name]).argmax()]


def _moved(image: Array, down: int, right: int) -> Array:
    """An image (C, H, W) moved round its edges; a flat vector as it is."""
    return np.roll(image, (down, right), axis=(1, 2)) if image.ndim == 3 else image

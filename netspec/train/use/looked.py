"""A trained net that is looked into: what excites its channels in a data part, and what a prediction comes from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from netspec.counting.field import Box
from netspec.data.dataset import Images, Part
from netspec.data.read_options import Progress, silent
from netspec.diagnostics.failure import CompilerBug, UsageError
from netspec.insight.attribution import Occlusion, grad_cam, occlusion, saliency
from netspec.insight.excitation import Strongest, strongest
from netspec.insight.gradients import GradientEngine, depends, gradient_engine
from netspec.insight.maps import look
from netspec.insight.maximisation import USUAL, Ascent
from netspec.insight.net import BATCH, Net
from netspec.insight.units import Unit, cotangent, unit_crop, unit_values
from netspec.ir.graph import Graph, Layer, Shape
from netspec.ir.operations import Pair
from netspec.predict.intake import Intake
from netspec.runtime.device import Device
from netspec.train.step.preparation import Preparation, crop_pad
from netspec.train.step.scores import Array
from netspec.train.use.trained import Trained

READ, READ_BYTES = 256, 1 << 28
"""Images of a part that are read at a time: so many at most, fewer where their maps take more bytes."""
NINE = 9
PATCH_PARTS, STRIDE_PARTS = 4, 16
"""The occluding patch is a fourth of the image's height and width, and moves by a sixteenth."""
NOISE = 0.5
"""Deviation of the noise that images are made from: of less noise more rectified units are at rest."""
JITTER_PARTS = 16
"""An image that is made is moved by a sixteenth of its shorter side at most: further, the parts of a small one that
excite a unit come to lie over each other."""


def opened_net(trained: Trained, device: Device) -> Net:
    """The net on a device."""
    return Net(trained.experiment.graph, trained.weights, device)


def intake_of(trained: Trained, preparation: Preparation) -> Intake:
    """How images in the units of a preparation become those that the net sees."""
    pad = crop_pad(trained.experiment)
    return Intake(preparation.shape, preparation.mean, preparation.deviation, pad, preparation.levels)


def layer_maps(net: Net, layer: Layer, images: Array) -> Array:
    """Outputs of a layer, its activation included, for images as the net sees them: (N, K, y, x).

    Raises UsageError (E472) where the layer's output is a flat vector, DeviceError (E590).
    """
    if len(layer.output.shape) != 3:
        raise UsageError("E472", f"`{layer.name}` gives {layer.output.elements} numbers and no maps")
    return look(net, images, [layer])[layer.name]


def output_layer(graph: Graph) -> Layer:
    """The layer whose output is the net's."""
    for layer in reversed(graph.layers):
        if layer.output == graph.outputs[0]:
            return layer
    raise CompilerBug(f"the output of `{graph.name}` is that of no layer")


@dataclass(frozen=True, slots=True, eq=False)
class Excited:
    """A channel and the images of a part that excite it most, best first.

    `numbers` count the images in the part, `values` are those of `units`, `crops` what those see, None where the input
    is no image. `images` and the gradients of the units by them, plain and guided, are (n, *input's shape), as the net
    sees them.
    """

    channel: int
    units: tuple[Unit, ...]
    numbers: tuple[int, ...]
    values: tuple[float, ...]
    crops: tuple[Box | None, ...]
    images: Array
    plain: Array
    guided: Array


def excited(
    net: Net, layer: Layer, part: Part, intake: Intake, channels: int, progress: Progress = silent
) -> Iterator[Excited]:
    """What excites each of the first `channels` channels of a layer most. The part is searched at once, and `progress`
    receives the number of images seen; gradients are taken channel by channel.

    Raises UsageError (E479) where the layer does not depend on the image, DataError, DeviceError (E590).
    """
    engines = gradient_engine(net, layer, batch=NINE), gradient_engine(net, layer, batch=NINE, guided=True)
    found = strongest(net, layer, _batches(part, intake, net.shape, layer, progress), NINE)
    return (_excited(net, engines, found, channel, part, intake) for channel in range(channels))


def _batches(part: Part, intake: Intake, shape: Shape, layer: Layer, progress: Progress) -> Iterator[Array]:
    largest_bytes = 4 * max(layer.output.elements, math.prod(shape))
    count = max(BATCH, min(READ, READ_BYTES // largest_bytes))
    for first in range(0, len(part), count):
        images = part.images[first : first + count]
        yield intake.normal(images, shape)
        progress(f"what excites {layer.name}", first + len(images), len(part))


def _excited(
    net: Net, engines: tuple[GradientEngine, GradientEngine], found: Strongest, channel: int, part: Part, intake: Intake
) -> Excited:
    units, numbers = found.units(channel), found.images[channel]
    images = intake.normal(part.pick(numbers.astype(np.int64)).images[:], net.shape)
    weights = np.stack([cotangent(unit) for unit in units])
    plain, guided = (engine.take(images, weights).gradients for engine in engines)
    crops = tuple(unit_crop(net.graph, unit) for unit in units)
    values = tuple(float(value) for value in found.values[channel])
    return Excited(channel, units, tuple(numbers.tolist()), values, crops, images, plain, guided)


def ascent_for(shape: Shape, steps: int) -> Ascent:
    """How an image of this shape is made to excite a unit."""
    jitter = min(USUAL.jitter, min((*shape, 1, 1)[1:3]) // JITTER_PARTS)
    return Ascent(steps=steps, jitter=jitter, noise=NOISE)


@dataclass(frozen=True, slots=True, eq=False)
class Attribution:
    """Where in an image the value of a unit comes from. `saliency` is (H, W), or (features,). `cam` (y, x) is of
    `cam_layer`; both are None where no layer gives maps. `occlusion` moves a patch of `patch` by `stride` pixels; None
    where the input is no image."""

    unit: Unit
    value: float
    saliency: Array
    cam_layer: Layer | None
    cam: Array | None
    patch: Pair
    stride: Pair
    occlusion: Occlusion | None


def attributed(net: Net, unit: Unit, image: Array, named: Sequence[Layer] = ()) -> Attribution:
    """Of one image as the net sees it, (1, *shape of it). Grad-CAM is of the last of the layers `named` that gives maps
    which the unit depends on, else of the last such layer of the net. Raises DeviceError (E590)."""
    layer = _cam_layer(net.graph, unit, named) or _cam_layer(net.graph, unit, net.graph.layers)
    cam = None if layer is None else grad_cam(net, unit, layer, image)[0]
    value = float(unit_values(unit, look(net, image, [unit.layer])[unit.layer.name])[0])
    patch, stride = occluding(net.shape)
    covered = occlusion(net, unit, image, patch=patch, stride=stride) if len(net.shape) == 3 else None
    return Attribution(unit, value, saliency(net, unit, image)[0], layer, cam, patch, stride, covered)


def occluding(shape: Shape) -> tuple[Pair, Pair]:
    """Patch and stride for an image of this shape: 13 x 13 places on one whose sides are multiples of 16."""
    height, width = (*shape, 1, 1)[1:3]
    patch = max(1, height // PATCH_PARTS), max(1, width // PATCH_PARTS)
    return patch, (max(1, height // STRIDE_PARTS), max(1, width // STRIDE_PARTS))


def falls(found: Attribution, shape: Shape) -> Array:
    """How far the value falls where a pixel of the image (C, H, W) is covered, the mean over the patches that cover it:
    (H, W), zero where none does."""
    if found.occlusion is None:
        raise CompilerBug("nothing was covered")
    total, times = (np.zeros(shape[1:], np.float32) for _ in range(2))
    fallen = found.occlusion.whole[0] - found.occlusion.values[0]
    for (row, column), fall in np.ndenumerate(fallen):
        top, left = row * found.stride[0], column * found.stride[1]
        covered = slice(top, top + found.patch[0]), slice(left, left + found.patch[1])
        total[covered] += fall
        times[covered] += 1
    return (total / np.maximum(times, 1)).astype(np.float32)


def _cam_layer(graph: Graph, unit: Unit, layers: Sequence[Layer]) -> Layer | None:
    """The last layer with maps larger than a pixel that the unit depends on; the image is none."""
    for layer in reversed(layers):
        plane = layer.output.shape[1:]
        is_map = len(plane) == 2 and max(plane) > 1 and layer.output not in graph.inputs
        if is_map and depends(graph, unit.layer.output, layer.output):
            return layer
    return None


def pixels(images: Array, intake: Intake) -> Images:
    """Images as the net sees them, (N, C, H, W), in the units of the data set again."""
    mean, deviation = (np.asarray(numbers, np.float32)[:, None, None] for numbers in (intake.mean, intake.deviation))
    return images * deviation + mean

"""What a trained net says of images: a probability a class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspec.compiler import prediction_program
from netspec.data.dataset import Images
from netspec.data.picture import read_picture
from netspec.data.resize import resize_images
from netspec.diagnostics.failure import UsageError
from netspec.ir.graph import Shape
from netspec.ir.operations import Softmax
from netspec.ir.recipe import Experiment
from netspec.train.device import Device
from netspec.train.events import Array, Weights
from netspec.train.feeds import measuring_feed
from netspec.train.preparation import Preparation
from netspec.train.scoring import MEASURING_BATCH


def predict(
    experiment: Experiment, preparation: Preparation, weights: Weights, images: Images, *, device: Device
) -> Array:
    """Probabilities of images (N, C, H, W) in the units of the data set, float32 (N, K) for K outputs.

    The softmax of the outputs, or the sigmoid of each where there is one or the loss is binary_cross_entropy. A net
    with one output gives (N, 1): the probability of class 1.
    """
    batch = min(MEASURING_BATCH, len(images))
    machine = device.machine(prediction_program(experiment, device.target, batch))
    for name, array in weights.items():
        machine.write(name, array)
    outputs = machine.outputs(measuring_feed(images, None, experiment, preparation)).arrays
    return probabilities(experiment, outputs.reshape(len(images), -1))


def probabilities(experiment: Experiment, outputs: Array) -> Array:
    """What a net's outputs (N, K) mean as probabilities, (N, K)."""
    (output,) = experiment.graph.outputs
    if any(isinstance(node.operation, Softmax) for node in experiment.graph.nodes if output in node.outputs):
        return outputs
    if outputs.shape[1] == 1 or experiment.train.loss == "binary_cross_entropy":
        return np.exp(-np.logaddexp(0, -outputs.astype(np.float64))).astype(np.float32)
    shifted = np.exp(outputs.astype(np.float64) - outputs.max(axis=1, keepdims=True))
    return (shifted / shifted.sum(axis=1, keepdims=True)).astype(np.float32)


def read_pictures(paths: Sequence[Path], preparation: Preparation) -> tuple[Images, tuple[str, ...]]:
    """Picture files as images (N, C, H, W) in the units of the data set, and a notice for each that was resized.

    Raises DataError (E512, E514) naming the file that cannot be used.
    """
    channels, height, width = preparation.shape
    pictures: list[NDArray[np.uint8]] = []
    notices: list[str] = []
    for path in paths:
        picture = read_picture(path, channels)
        if picture.shape[1:] != (height, width):
            notices.append(f"`{path}` is {_size(picture.shape[1:])}, resized to {_size((height, width))}")
            picture = np.asarray(resize_images(picture[None], (height, width))[0], np.uint8)
        pictures.append(picture)
    images = np.stack(pictures)
    if preparation.white == 255:
        return images, tuple(notices)
    return images * np.float32(preparation.white / 255), tuple(notices)


def as_images(array: NDArray[Any], shape: tuple[int, int, int]) -> Images:
    """An array of one or more images as (N, C, H, W), bytes as they are and everything else as float32.

    Takes (N, C, H, W), (C, H, W), and without the channel where there is one; flat vectors (N, C) or (C,) where images
    are single pixels. Raises UsageError (E465) for any other shape and for values that are not numbers.
    """
    whole = (shape, shape[1:] if shape[0] == 1 else shape, shape[:1] if shape[1:] == (1, 1) else shape)
    single = any(array.shape == one for one in whole)
    if not single and not any(array.ndim and array.shape[1:] == one and len(array) for one in whole):
        takes = f"({', '.join(map(str, ('N', *shape)))})"
        raise UsageError("E465", f"images of shape {array.shape} do not fit: the net was trained on {takes}")
    if not (np.issubdtype(array.dtype, np.number) or array.dtype == np.bool_) or np.iscomplexobj(array):
        raise UsageError("E465", f"images are numbers, not {array.dtype}")
    images = array if array.dtype == np.uint8 else array.astype(np.float32)
    return images.reshape(-1, *shape)


def class_name(preparation: Preparation, number: int) -> str:
    """What a class is called: its name in the data set, or its number."""
    return preparation.class_names[number] if number < len(preparation.class_names) else str(number)


def _size(shape: Shape) -> str:
    return "x".join(map(str, shape))

"""What a run is fed: a data set, the order of its images, and how an image becomes the network's input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspec.diagnostics.failure import CompilerBug
from netspec.ir.program import Program


@dataclass(frozen=True, slots=True)
class Crop:
    """A window of the input's size cut out of each image, which first gets `pad` rows and columns of zeros around it
    (zeros after normalisation). `random`: at a place drawn for each epoch and image; else in the middle."""

    random: bool
    pad: int = 0


@dataclass(frozen=True, slots=True)
class Feed:
    """The network sees (image - mean) * scale, in the order given.

    images (N, C, H, W) uint8 or float32; labels (N,) int32, None for prediction; order int64 image numbers; mean and
    scale (C,) float32. A flat vector of F numbers is an image (F, 1, 1). Without a crop the images have the
    input's size. `seed` and `epoch` pick the random places, and all else that a program which augments draws. `white`
    is the brightest pixel.
    """

    images: NDArray[Any]
    labels: NDArray[Any] | None
    order: NDArray[Any]
    mean: NDArray[Any]
    scale: NDArray[Any]
    crop: Crop | None = None
    seed: int = 0
    epoch: int = 0
    white: float = 255.0


def prepared(feed: Feed, program: Program, first: int, steps: int) -> Feed:
    """The feed with arrays that native code can read, which checks nothing itself.

    Raises CompilerBug where they do not fit the program, or where fewer than `steps` minibatches are left behind the
    image number `first`.
    """
    images = feed.images if feed.images.dtype == np.uint8 else np.asarray(feed.images, np.float32)
    ready = Feed(
        np.ascontiguousarray(images),
        None if feed.labels is None else np.ascontiguousarray(feed.labels, np.int32),
        np.ascontiguousarray(feed.order, np.int64),
        np.ascontiguousarray(feed.mean, np.float32),
        np.ascontiguousarray(feed.scale, np.float32),
        feed.crop,
        feed.seed,
        feed.epoch,
        feed.white,
    )
    _require(first >= 0 and first + (steps - 1) * program.batch < len(ready.order), f"{steps} steps from image {first}")
    _check_order(ready)
    _check_labels(ready, program)
    _check_images(ready, program)
    return ready


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise CompilerBug(f"the feed does not fit the program: {what}")


def _check_order(feed: Feed) -> None:
    images = len(feed.images)
    inside = len(feed.order) == 0 or (feed.order.min() >= 0 and feed.order.max() < images)
    _require(bool(inside), f"the order names images beyond the {images} there are")


def _check_labels(feed: Feed, program: Program) -> None:
    wanted = any(value.dtype == "int32" for value in program.inputs)
    if feed.labels is None:
        _require(not wanted, "labels are missing")
    else:
        _require(feed.labels.shape == feed.images.shape[:1], f"{feed.labels.shape} labels of {len(feed.images)} images")


def _check_images(feed: Feed, program: Program) -> None:
    image = next(value for value in program.inputs if value.batched and value.dtype == "float32")
    channels, height, width = image.shape if len(image.shape) == 3 else (image.elements, 1, 1)
    _require(feed.images.ndim == 4, f"images of shape {feed.images.shape}")
    found = feed.images.shape[1:]
    _require(found[0] == channels and len(feed.mean) == len(feed.scale) == channels, f"{found} as {image.shape}")
    pad = 0 if feed.crop is None else feed.crop.pad
    spare = found[1] + 2 * pad - height, found[2] + 2 * pad - width
    _require(pad >= 0 and min(spare) >= 0, f"{found} with {pad} around them as {image.shape}")
    _require(feed.crop is not None or spare == (0, 0), f"{found} uncropped as {image.shape}")

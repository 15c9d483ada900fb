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

    images (P, C, H, W) uint8 or float32; labels (N,) int32, None for prediction; order int64 image numbers; places, as
    many, say which of `images` holds the pixels of each, None where that is the one of its number; mean and scale (C,)
    float32. A flat vector of F numbers is an image (F, 1, 1). Without a crop the images have the input's size. `seed`
    and `epoch` pick the random places, and all else that a program which augments draws. `white` is the brightest
    pixel.
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
    places: NDArray[Any] | None = None


def prepared(feed: Feed, program: Program, first: int, steps: int) -> Feed:
    """The feed with arrays that native code can read, which checks nothing itself.

    Raises CompilerBug where they do not fit the program, or where fewer than `steps` minibatches are left behind the
    image number `first`.
    """
    images = feed.images if feed.images.dtype == np.uint8 else np.asarray(feed.images, np.float32)
    ready = Feed(
        images if _one_by_one(images) else np.ascontiguousarray(images),
        None if feed.labels is None else np.ascontiguousarray(feed.labels, np.int32),
        np.ascontiguousarray(feed.order, np.int64),
        np.ascontiguousarray(feed.mean, np.float32),
        np.ascontiguousarray(feed.scale, np.float32),
        feed.crop,
        feed.seed,
        feed.epoch,
        feed.white,
        None if feed.places is None else np.ascontiguousarray(feed.places, np.int64),
    )
    _require(first >= 0 and first + (steps - 1) * program.batch < len(ready.order), f"{steps} steps from image {first}")
    _check_order(ready, slice(first, first + steps * program.batch))
    _check_labels(ready, program)
    _check_images(ready, program)
    return ready


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise CompilerBug(f"the feed does not fit the program: {what}")


def _one_by_one(images: NDArray[Any]) -> bool:
    """Whether the numbers of an image lie side by side; other bytes may lie between one image and the next."""
    inner = images[:1].flags.c_contiguous
    return inner and images.strides[0] > 0 and images.strides[0] % images.itemsize == 0


def _check_order(feed: Feed, used: slice) -> None:
    """Of the images that this call uses."""
    images, order, places = len(feed.images), feed.order[used], feed.places
    if places is None:
        _require(_inside(order, images), f"the order names images beyond the {images} there are")
        return
    _require(places.shape == feed.order.shape, f"{places.shape} places of {feed.order.shape} images")
    _require(_inside(places[used], images), f"places beyond the {images} images there are")
    _require(feed.labels is None or _inside(order, len(feed.labels)), "the order names images without a label")


def _inside(numbers: NDArray[Any], count: int) -> bool:
    return len(numbers) == 0 or bool(numbers.min() >= 0 and numbers.max() < count)


def _check_labels(feed: Feed, program: Program) -> None:
    wanted = any(value.dtype == "int32" for value in program.inputs)
    if feed.labels is None:
        _require(not wanted, "labels are missing")
    elif feed.places is None:
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

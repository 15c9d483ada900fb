"""Input of a device: a source of images, and passes over it in a given order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from netspec.diagnostics.failure import CompilerBug
from netspec.ir.program import Program

Crop = Literal["none", "random", "centre"]
"""Crop of each image to the input's size: none, where images have that size; at a random position per epoch and image;
at the centre."""

Rates = NDArray[np.float64]
"""Scalars that change from step to step, (steps, n): a row per step of a call, a column for each of the program's
`scalars`."""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Images and labels that passes read. Constant for a training, so a device may keep a copy; compared by identity.

    images (P, C, H, W) uint8 or float32; labels (N,) int32, None for prediction; mean and scale (C,) float32: the net's
    input is (image - mean) * scale. A flat vector of F numbers is an image (F, 1, 1). `white` is the value of the
    brightest pixel. Images of a `volatile` source change between calls, as in the ring of a stream: a device must not
    keep a copy of them.
    """

    images: NDArray[Any]
    labels: NDArray[Any] | None
    mean: NDArray[Any]
    scale: NDArray[Any]
    white: float = 255.0
    volatile: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Pass:
    """One pass over a source. It is constant too; compared by identity.

    order (n,) int64: numbers of images. slots (n,) int64: the index in the source's images of each one's pixels; None
    means the image's number. Before a crop an image is padded by `pad` rows and columns of zeros on each side (zeros
    after normalisation). `seed` and `epoch` determine random crops and all other draws of the augmentation.
    """

    source: Source
    order: NDArray[Any]
    slots: NDArray[Any] | None = None
    crop: Crop = "none"
    pad: int = 0
    seed: int = 0
    epoch: int = 0


def prepared_source(source: Source, program: Program) -> Source:
    """The source with checked arrays in the form that native code reads; native code checks nothing.

    Raises CompilerBug where they do not fit the program, or where images of a volatile source would need a copy.
    """
    images = source.images if source.images.dtype == np.uint8 else np.asarray(source.images, np.float32)
    ready = Source(
        images if _one_by_one(images) else np.ascontiguousarray(images),
        None if source.labels is None else np.ascontiguousarray(source.labels, np.int32),
        np.ascontiguousarray(source.mean, np.float32),
        np.ascontiguousarray(source.scale, np.float32),
        source.white,
        source.volatile,
    )
    if source.volatile and ready.images is not source.images:
        raise _misfit(f"volatile images of {source.images.dtype}")
    channels, shape = _input_shape(program)[0], ready.images.shape
    if len(shape) != 4 or not shape[1] == len(ready.mean) == len(ready.scale) == channels:
        raise _misfit(f"images {shape} for an input of {channels} channels")
    if ready.labels is None and any(value.dtype == "int32" for value in program.inputs):
        raise _misfit("labels are missing")
    return ready


def prepared_pass(feed: Pass, source: Source, program: Program) -> Pass:
    """The pass over its prepared source, with checked arrays in the form that native code reads. Raises CompilerBug
    where they do not fit the source or the program."""
    ready = Pass(
        source,
        np.ascontiguousarray(feed.order, np.int64),
        None if feed.slots is None else np.ascontiguousarray(feed.slots, np.int64),
        feed.crop,
        feed.pad,
        feed.seed,
        feed.epoch,
    )
    _check_order(ready)
    _check_window(ready, program)
    return ready


def check_steps(feed: Pass, program: Program, first: int, steps: int) -> None:
    """Raises CompilerBug where the order has fewer than `steps` minibatches from index `first` on."""
    if first < 0 or first + (steps - 1) * program.batch >= len(feed.order):
        raise _misfit(f"{steps} steps from image {first}")


def _misfit(what: str) -> CompilerBug:
    return CompilerBug(f"the feed does not fit the program: {what}")


def _one_by_one(images: NDArray[Any]) -> bool:
    """Whether the numbers of each image are contiguous; there may be other bytes between images."""
    inner = images[:1].flags.c_contiguous
    return inner and images.strides[0] > 0 and images.strides[0] % images.itemsize == 0


def _check_order(feed: Pass) -> None:
    source, order, slots = feed.source, feed.order, feed.slots
    images, labels = len(source.images), source.labels
    if slots is None:
        if not _inside(order, images):
            raise _misfit(f"the order names images beyond the {images} there are")
        if labels is not None and labels.shape != (images,):
            raise _misfit(f"{labels.shape} labels of {images} images")
        return
    if slots.shape != order.shape:
        raise _misfit(f"{slots.shape} slots of {order.shape} images")
    if not _inside(slots, images):
        raise _misfit(f"slots beyond the {images} images there are")
    if labels is not None and not _inside(order, len(labels)):
        raise _misfit("the order names images without a label")


def _inside(numbers: NDArray[Any], count: int) -> bool:
    return len(numbers) == 0 or bool(numbers.min() >= 0 and numbers.max() < count)


def _check_window(feed: Pass, program: Program) -> None:
    """Raises CompilerBug unless images have the input's size, or with a crop at least that size, padding included."""
    _, height, width = _input_shape(program)
    rows, columns = feed.source.images.shape[2:]
    margin = rows + 2 * feed.pad - height, columns + 2 * feed.pad - width
    if feed.pad < 0 or min(margin) < 0 or (feed.crop == "none" and margin != (0, 0)):
        found = f"{rows}x{columns} with {feed.pad} around them and the crop `{feed.crop}`"
        raise _misfit(f"images {found} for an input of {height}x{width}")


def _input_shape(program: Program) -> tuple[int, int, int]:
    image = next(value for value in program.inputs if value.batched and value.dtype == "float32")
    channels, height, width = image.shape if len(image.shape) == 3 else (image.elements, 1, 1)
    return channels, height, width


def normalized(feed: Pass, shape: tuple[int, ...], some: slice) -> NDArray[np.float32]:
    """Normalised images of a pass, (N, *shape) for a net's input of `shape`, for a program that gathers no minibatches.
    Crops are central."""
    source, slots = feed.source, feed.order if feed.slots is None else feed.slots
    mean, scale = source.mean[:, None, None], source.scale[:, None, None]
    images = (source.images.take(slots[some], axis=0) - mean) * scale
    if feed.crop == "none":
        return images.reshape(len(images), *shape)
    padded = np.pad(images, ((0, 0), (0, 0), *[(feed.pad, feed.pad)] * 2))
    top, left = ((have - want) // 2 for have, want in zip(padded.shape[2:], shape[1:], strict=True))
    return padded[:, :, top : top + shape[1], left : left + shape[2]]

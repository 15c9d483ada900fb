"""Checks arrays of unknown origin and brings them into the one form: images (N, C, H, W), labels (N,)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspec.data.dataset import Images, Labels
from netspec.data.levels import FileNumbers, array_numbers
from netspec.data.read_options import DEFAULT, ReadOptions
from netspec.diagnostics.failure import DataError

MOST_CLASSES = 65_536
"""A larger label is a mistake, and names for so many classes would fill memory."""
COLOURS = (1, 3, 4)
"""How many channels an axis may have to be taken for the channels without other evidence."""

Array = NDArray[np.generic]


def as_images(array: Array, origin: Path | str, read_options: ReadOptions = DEFAULT) -> Images:
    """Pixels of shape (N, C, H, W) from an array (N, F), (N, H, W), (N, C, H, W) or (N, H, W, C).

    F features become F channels of one pixel. Bytes stay bytes, all other numbers become float32; they must be finite.
    `read_options.axes` says which axis holds the channels, else the shape of the net's input where there is one.
    """
    return converted(np.ascontiguousarray(arranged(array, origin, read_options)), origin)


def arranged(array: Array, origin: Path | str, read_options: ReadOptions) -> Array:
    """A view of shape (N, C, H, W), copied nowhere, of an array of any shape that `as_images` takes."""
    if not 2 <= array.ndim <= 4:
        raise DataError(
            "E507",
            f"the images in `{origin}` have shape {_shape(array.shape)}, which is not a stack of images",
            helps=("store them as N x H x W, N x C x H x W or N x H x W x C",),
        )
    if array.size == 0:
        raise DataError("E507", f"`{origin}` holds no images: its shape is {_shape(array.shape)}")
    if read_options.axes is not None and array.ndim != 4:
        raise DataError(
            "E560",
            f"the images in `{origin}` have shape {_shape(array.shape)}, "
            f"and `axes={read_options.axes}` names four axes",
            helps=("leave `axes` out",),
        )
    return _channels_first(array, origin, read_options)


def _shape(sizes: tuple[int, ...]) -> str:
    return "x".join(str(size) for size in sizes) or "()"


def _channels_first(array: Array, origin: Path | str, read_options: ReadOptions) -> Array:
    if array.ndim == 2:
        return array[:, :, None, None]
    if array.ndim == 3:
        return array[:, None]
    last = read_options.axes == "nhwc" if read_options.axes else _channels_are_last(array.shape[1:], read_options.shape)
    if last is None:
        read_options.note(
            f"images of {_shape(array.shape[1:])} in `{origin}` are read channels first; "
            "`axes=nhwc` in the `data` line reads them channels last, and `axes=nchw` settles it"
        )
    return np.moveaxis(array, 3, 1) if last else array


def _channels_are_last(sizes: tuple[int, ...], shape: tuple[int, ...] | None) -> bool | None:
    """Weighs the net's whole input, then its channels, then what a number of colours looks like; None where all of that
    speaks for both orders, or for none."""
    moved = (sizes[2], sizes[0], sizes[1])
    wanted = shape if shape is not None and len(shape) == 3 else None
    evidence = [
        (moved == wanted, sizes == wanted),
        (wanted is not None and moved[0] == wanted[0], wanted is not None and sizes[0] == wanted[0]),
        (moved[0] in COLOURS, sizes[0] in COLOURS),
    ]
    if sizes[0] == 1 and sizes[2] == 1:  # one channel either way: (1, H, 1) or (H, W=..., 1)
        return next((last for last, first in evidence if last != first), False)
    return next((last for last, first in evidence if last != first), None)


def converted(array: Array, origin: Path | str, first: int = 0) -> Images:
    """Bytes as they are, other numbers as float32, which must be finite; the first image is number `first`."""
    if array.dtype == np.uint8:
        return array.astype(np.uint8, copy=False)
    require_numbers(array, origin)
    with np.errstate(over="ignore", invalid="ignore"):
        pixels = array.astype(np.float32)
    finite = np.isfinite(pixels)
    if not finite.all():
        wrong = np.argwhere(~finite)[0]
        raise DataError(
            "E507",
            f"pixel {_shape(tuple(int(k) for k in wrong[1:]))} of image {first + int(wrong[0])} in `{origin}` "
            "is not a number that float32 can hold",
            notes=(f"{int((~finite).sum()):,} pixels are so",),
        )
    return pixels


def require_numbers(array: Array, origin: Path | str) -> None:
    """Raises DataError (E507) for texts, objects, complex numbers and the like."""
    if array.dtype.kind not in "biuf":
        raise DataError(
            "E507",
            f"the images in `{origin}` are of type {array.dtype}, not numbers",
            helps=("store bytes (uint8) or float32",),
        )


def as_labels(array: Array, origin: Path | str) -> Labels:
    """Class numbers of shape (N,) from integers (N,) or (N, 1), or from rows with a single one, (N, K)."""
    if array.ndim == 2:
        array = array[:, 0] if array.shape[1] == 1 else _from_one_hot(array, origin)
    if array.ndim != 1:
        raise DataError("E506", f"the labels in `{origin}` have shape {_shape(array.shape)}, not one number an image")
    if array.dtype.kind not in "biu":
        raise DataError(
            "E506",
            f"the labels in `{origin}` are of type {array.dtype}, not whole numbers",
            helps=("store class numbers from 0, for example as uint8",),
        )
    if array.size:
        _check_range(int(array.min()), int(array.max()), origin)
    return array.astype(np.int32)


def _from_one_hot(array: Array, origin: Path | str) -> Array:
    if array.dtype.kind not in "biuf" or not np.isin(array, (0, 1)).all() or not (np.sum(array, axis=1) == 1).all():
        raise DataError(
            "E506", f"the labels in `{origin}` have shape {_shape(array.shape)}, and not every row holds a single one"
        )
    return np.argmax(array, axis=1)


def _check_range(smallest: int, largest: int, origin: Path | str) -> None:
    wrong = smallest if smallest < 0 else largest
    if smallest < 0 or largest >= MOST_CLASSES:
        raise DataError("E506", f"label {wrong} in `{origin}`: labels are 0 to {MOST_CLASSES - 1:,} at most")


def check_labels(labels: Labels, classes: int, origin: Path | str) -> None:
    """Labels of a set whose classes are known must be below their number."""
    wrong = np.flatnonzero(labels >= classes)
    if len(wrong):
        begin = int(labels.min())
        raise DataError(
            "E506",
            f"label {int(labels[wrong[0]])} of image {int(wrong[0])} in `{origin}`, but there are {classes} classes",
            notes=(f"the labels begin at {begin}, and classes are counted from 0",) if begin else (),
            helps=(f"subtract {begin} from every label before saving",) if begin else (),
        )


def numbers_of(images: Images, dtype: np.dtype[Any]) -> FileNumbers:
    """What the numbers of images are that lie in memory, and had this type in their file."""
    if images.dtype == np.uint8:
        return array_numbers(dtype.name)
    return array_numbers(dtype.name, float(images.min()), float(images.max()))


def numbered_classes(*labels: Labels) -> tuple[str, ...]:
    """Names `0`, `1`, … up to the largest label."""
    largest = max((int(some.max()) for some in labels if len(some)), default=-1)
    return tuple(str(k) for k in range(largest + 1))

"""What is shown to a trained net: arrays, or pictures in files and in memory, which are prepared as in training."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from netspec.data.dataset import Images
from netspec.data.levels import Levels, UnsettledError, repair, written
from netspec.data.picture import MODES, Form, Picture, prepared, read_picture
from netspec.diagnostics.failure import DataError, UsageError
from netspec.predict.intake import as_images

Source: TypeAlias = "str | Path | Image.Image"
"""One picture: the path of a file, or a picture of Pillow's."""
Shown: TypeAlias = "ArrayLike | Source | Sequence[Source]"


def as_shown(images: object, shape: tuple[int, int, int], levels: Levels) -> Images:
    """Images (N, C, H, W) of `shape` and with these levels, of whatever may be shown to a net.

    Raises UsageError (E465) for what is no images, and what `read_pictures` raises.
    """
    if isinstance(images, np.ndarray):  # first: the other questions take as long as a small net
        return as_images(cast("NDArray[Any]", images), shape)
    if isinstance(images, str | Path | Image.Image):
        return read_pictures([images], shape, levels)[0]
    if isinstance(images, list | tuple):
        several = cast("Sequence[object]", images)
        pictures = [one for one in several if isinstance(one, str | Path | Image.Image)]
        if pictures and len(pictures) < len(several):
            raise UsageError("E465", "a list of images holds pictures alone, or arrays alone")
        if pictures:
            return read_pictures(pictures, shape, levels)[0]
    return as_images(_array(cast("object", images)), shape)


def _array(images: object) -> NDArray[Any]:
    try:
        return np.asarray(images)
    except Exception as error:  # of lists that are ragged, and of whatever an object makes of `__array__`
        raise UsageError("E465", f"{type(images).__name__} is no array of images: {error}") from None


def read_pictures(
    pictures: Sequence[Source], shape: tuple[int, int, int], levels: Levels
) -> tuple[Images, tuple[str, ...]]:
    """Pictures as images (N, C, H, W) of `shape` and with these levels, and what looks odd about them: each that was
    resized, or is brighter or darker than the levels.

    Raises DataError (E512, E514, E559) naming the picture that cannot be used.
    """
    form = Form(shape[0], (shape[1], shape[2]), levels)
    found = [_read(picture, form) for picture in pictures]
    notices = [notice for name, one in found for notice in _notices(name, one, form)]
    return np.stack([one.pixels for _, one in found]), tuple(notices)


def _read(picture: Source, form: Form) -> tuple[str, Picture]:
    """A picture in this form, and what to call it."""
    name = "the picture" if isinstance(picture, Image.Image) else f"`{picture}`"
    try:
        if not isinstance(picture, Image.Image):
            return name, read_picture(Path(picture), form)
        return name, _prepared(picture, form)
    except UnsettledError as error:
        raise _unsettled(name, error, form.levels) from None


def _prepared(picture: Image.Image, form: Form) -> Picture:
    if form.channels not in MODES:
        raise DataError("E514", f"a picture has 1, 3 or 4 channels, the net takes {form.channels}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return prepared(picture, form)
        except UnsettledError:
            raise
        except Exception as error:  # Pillow's decoders raise nearly anything, and a closed file does
            raise DataError("E512", f"the picture cannot be used: {error}") from None


def _unsettled(name: str, error: UnsettledError, levels: Levels) -> DataError:
    black, white = written(levels.black), written(levels.white)
    if not levels.settled:
        return DataError(
            "E559",
            f"{name} cannot be shown to this net: it was trained on numbers from {black} to {white}, and nothing tells "
            f"which of them is {'black' if levels.black < 0 else 'white'}",
            helps=(repair_help(levels),),
        )
    return DataError(
        "E559",
        f"{name} holds numbers from {written(error.low)} to {written(error.high)}, and the run's go from {black} "
        f"(black) to {white} (white)",
        helps=("save it as a picture of 8 or 16 bits, or with numbers between those",),
    )


def repair_help(levels: Levels) -> str:
    """What to write where nothing tells black and white of numbers, of which `levels` hold the smallest and largest."""
    wanted = repair(levels.black, levels.white, levels.kind)
    settings = " ".join(f"--set data.{one}" for one in wanted.split())
    return f"write `{wanted}` in the `data` line of the run's spec, or give `{settings}`"


def _notices(name: str, picture: Picture, form: Form) -> list[str]:
    found, levels = list[str](), form.levels
    if picture.size != form.size:
        found.append(f"{name} is {_size(picture.size)}, resized to {_size(form.size or ())}")
    if picture.loses_bits:
        found.append(f"{name} has 16 bits a colour, of which 8 are read")
    if picture.stored.white is None and levels.settled and not levels.given:
        found.append(
            f"{name} does not tell which of its numbers is white: they are taken as they are, between "
            f"{written(levels.black)} (black) and {written(levels.white)} (white) of the training"
        )
    low, high = float(picture.pixels.min()), float(picture.pixels.max())
    if low < levels.black or high > levels.white:
        found.append(
            f"{name} has pixels from {written(low)} to {written(high)}, beyond {written(levels.black)} (black) and "
            f"{written(levels.white)} (white) of the training"
        )
    return found


def _size(size: tuple[int, ...]) -> str:
    return "x".join(map(str, size))

"""Picture files as a trained net takes them, and the names of what it says of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from netspec.data.dataset import Images
from netspec.data.picture import read_picture
from netspec.data.resize import resize_images
from netspec.ir.graph import Shape
from netspec.train.preparation import Preparation


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


def class_name(preparation: Preparation, number: int) -> str:
    """What a class is called: its name in the data set, or its number."""
    return preparation.class_names[number] if number < len(preparation.class_names) else str(number)


def _size(shape: Shape) -> str:
    return "x".join(map(str, shape))

"""Brings images to one height and width."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from PIL import Image

from netspec.data.dataset import Collection, Images, Part
from netspec.data.stored import Changed, Stored
from netspec.diagnostics.failure import DataError


def resized(collection: Collection, size: tuple[int, int] | None) -> Collection:
    """Every image at this height and width; proportions are not kept."""
    if size is None or collection.train.images.shape[2:] == size:
        return collection
    if collection.train.images.shape[2:] == (1, 1):
        raise DataError("E513", "`resize` is for images; these are points or rows of numbers")
    return replace(
        collection,
        train=_part(collection.train, size),
        validation=_part(collection.validation, size) if collection.validation else None,
        test=_part(collection.test, size) if collection.test else None,
    )


def _part(part: Part, size: tuple[int, int]) -> Part:
    if isinstance(part.images, Stored):
        source = part.images.source
        changed = Changed(source, partial(resize_images, size=size), (source.shape[1], *size))
        return Part(Stored(changed, part.images.rows), part.labels)
    return Part(resize_images(part.images, size), part.labels)


def resize_images(images: Images, size: tuple[int, int]) -> Images:
    """Images (N, C, H, W) at another (height, width): bilinear, averaging where it shrinks, channel by channel."""
    count, channels = images.shape[:2]
    changed = np.empty((count, channels, *size), images.dtype)
    for n in range(count):
        for c in range(channels):
            plane = Image.fromarray(np.ascontiguousarray(images[n, c]))
            changed[n, c] = np.asarray(plane.resize((size[1], size[0]), Image.Resampling.BILINEAR))
    return changed

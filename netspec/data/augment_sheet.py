"""A contact sheet of augmentation: each row an image and what training makes of it, epoch after epoch."""

from __future__ import annotations

import numpy as np
from PIL import Image

from netspec.data.dataset import Dataset, Images
from netspec.data.sheet import MOST_ROWS, picture_sheet
from netspec.ir.augmentation import Augmentation
from netspec.ir.evaluate_augmentation import Array, Draws, Normal, augmented


def augment_sheet(
    dataset: Dataset, augmentation: Augmentation, *, size: tuple[int, int], pad: int | None, seed: int, columns: int
) -> Image.Image:
    """The first image of each class, of up to a hundred, and behind it `columns` - 1 variants: those that training from
    `seed` sees in its first epochs. The net's input has `size`; `pad` is that of a crop, None where there is none."""
    part, numbers = dataset.train, first_of_each_class(dataset)
    normal = Normal(dataset.mean.astype(float), 1 / dataset.deviation.astype(float), dataset.levels.span)
    sources = part.images[numbers]
    variants = [
        augmented(sources, augmentation, Draws(numbers, seed, epoch), normal, size=size, pad=pad)
        for epoch in range(columns - 1)
    ]
    pixels = np.stack([normalised_centres(sources, normal, size, pad), *variants], axis=1)
    pixels = pixels / normal.scale[:, None, None] + normal.mean[:, None, None]
    names = [dataset.class_names[int(part.labels[number])] for number in numbers]
    return picture_sheet(
        list(pixels), names, min(dataset.levels.black, float(sources.min())), dataset.levels.white, columns
    )


def first_of_each_class(dataset: Dataset) -> Array:
    """Numbers in the training part, in the order of the classes; those without an image are left out."""
    _, numbers = np.unique(dataset.train.labels, return_index=True)
    return numbers[:MOST_ROWS]


def normalised_centres(images: Images, normal: Normal, size: tuple[int, int], pad: int | None) -> Array:
    """Images (N, C, H, W) as evaluation sees them: cut from the middle, the odd row left below and right."""
    whole = (images - normal.mean[:, None, None]) * normal.scale[:, None, None]
    whole = np.pad(whole, ((0, 0), (0, 0), (pad or 0,) * 2, (pad or 0,) * 2))
    top, left = ((have - want) // 2 for have, want in zip(whole.shape[2:], size, strict=True))
    return whole[:, :, top : top + size[0], left : left + size[1]]

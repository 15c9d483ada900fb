"""What each pass over the data feeds to a device: the order of the images, and how they are cropped and normalised."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspec.data.dataset import Part
from netspec.data.order import Purpose, permutation
from netspec.data.stored import Rows, Stored
from netspec.ir.recipe import Experiment
from netspec.runtime.feed import Pass, Source
from netspec.train.step.preparation import Preparation, crop_pad


def source_of(images: NDArray[Any], part: Part, preparation: Preparation, *, volatile: bool = False) -> Source:
    """Images (P, C, H, W) that hold the pixels of a part, with its labels, to be normalised."""
    mean = np.asarray(preparation.mean, np.float32)
    scale = (1.0 / np.asarray(preparation.deviation, np.float64)).astype(np.float32)
    return Source(images, part.labels, mean, scale, preparation.levels.span, volatile)


def held_images(part: Part) -> NDArray[Any] | None:
    """Images in the address space that hold the pixels of a part; None where they have to be read."""
    return part.images.source.array if isinstance(part.images, Stored) else part.images


def held_places(part: Part, order: Rows) -> Rows | None:
    """Where among the `held_images` those of an order are; None where they are the ones of these numbers."""
    return part.images.rows[order] if isinstance(part.images, Stored) else None


def epoch_order(part: Part, experiment: Experiment, epoch: int) -> Rows:
    """The order of an epoch, counted from zero. It depends on the seed and the epoch alone."""
    return permutation(experiment.train.seed, Purpose.SHUFFLE, len(part), stream=epoch)


def file_order(part: Part) -> Rows:
    """The order of the file."""
    return np.arange(len(part), dtype=np.int64)


def training_pass(experiment: Experiment, epoch: int, source: Source, order: Rows, places: Rows | None) -> Pass:
    """A pass of an epoch, counted from zero: the place of every crop depends on the seed and the epoch alone."""
    pad, seed = crop_pad(experiment), experiment.train.seed
    return Pass(source, order, places, "none" if pad is None else "random", pad or 0, seed, epoch)


def measuring_pass(experiment: Experiment, source: Source, order: Rows, places: Rows | None) -> Pass:
    """A pass with crops in the centre."""
    pad, seed = crop_pad(experiment), experiment.train.seed
    return Pass(source, order, places, "none" if pad is None else "centre", pad or 0, seed)

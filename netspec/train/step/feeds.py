"""Passes over the data: order, crops and normalisation of the images that a device is fed."""

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
    """A source of `images` (P, C, H, W), which hold the pixels of a part, with its labels and normalisation."""
    mean = np.asarray(preparation.mean, np.float32)
    scale = (1.0 / np.asarray(preparation.deviation, np.float64)).astype(np.float32)
    return Source(images, part.labels, mean, scale, preparation.levels.span, volatile)


def held_images(part: Part) -> NDArray[Any] | None:
    """The array in the address space that holds the pixels of a part; None where they must be read from files."""
    return part.images.source.array if isinstance(part.images, Stored) else part.images


def held_slots(part: Part, order: Rows) -> Rows | None:
    """Indices in `held_images` of the images of an order; None where they equal the order."""
    return part.images.rows[order] if isinstance(part.images, Stored) else None


def epoch_order(part: Part, experiment: Experiment, epoch: int) -> Rows:
    """The order of `epoch`, counted from zero. It depends on seed, epoch and number of images alone."""
    return permutation(experiment.train.seed, Purpose.SHUFFLE, len(part), stream=epoch)


def file_order(part: Part) -> Rows:
    """The order of the images in the files."""
    return np.arange(len(part), dtype=np.int64)


def training_pass(experiment: Experiment, epoch: int, source: Source, order: Rows, slots: Rows | None) -> Pass:
    """The training pass of `epoch`, counted from zero. A crop's position depends on seed, epoch and image alone."""
    pad, seed = crop_pad(experiment), experiment.train.seed
    return Pass(source, order, slots, "none" if pad is None else "random", pad or 0, seed, epoch)


def measuring_pass(experiment: Experiment, source: Source, order: Rows, slots: Rows | None) -> Pass:
    """A pass with central crops."""
    pad, seed = crop_pad(experiment), experiment.train.seed
    return Pass(source, order, slots, "none" if pad is None else "centre", pad or 0, seed)

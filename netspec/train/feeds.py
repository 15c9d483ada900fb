"""What each pass over the data feeds to a device: the order of the images, and how they are cropped and normalised."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspec.data.dataset import Part
from netspec.data.order import Purpose, permutation
from netspec.data.stored import Stored
from netspec.ir.recipe import Experiment
from netspec.runtime.feed import Crop, Feed
from netspec.train.preparation import Preparation, crop_pad


def epoch_feed(part: Part, experiment: Experiment, preparation: Preparation, epoch: int) -> Feed:
    """A pass over the training part. Its order, like the place of every crop, depends on the seed and the epoch alone.

    `epoch` counts from zero.
    """
    seed, pad = experiment.train.seed, crop_pad(experiment)
    order = permutation(seed, Purpose.SHUFFLE, len(part), stream=epoch)
    crop = None if pad is None else Crop(random=True, pad=pad)
    return _feed(part, order, preparation, crop, seed, epoch)


def measuring_feed(part: Part, experiment: Experiment, preparation: Preparation) -> Feed:
    """A pass in the order of the file, crops in the centre."""
    pad = crop_pad(experiment)
    crop = None if pad is None else Crop(random=False, pad=pad)
    return _feed(part, np.arange(len(part), dtype=np.int64), preparation, crop, experiment.train.seed, 0)


def _feed(
    part: Part, order: NDArray[np.int64], preparation: Preparation, crop: Crop | None, seed: int, epoch: int
) -> Feed:
    images, places = _where(part, order)
    mean = np.asarray(preparation.mean, np.float32)
    scale = (1.0 / np.asarray(preparation.deviation, np.float64)).astype(np.float32)
    return Feed(images, part.labels, order, mean, scale, crop, seed, epoch, preparation.levels.span, places)


def _where(part: Part, order: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[np.int64] | None]:
    """Images in the address space, none where they have to be read, and where among them those of the order are."""
    images = part.images
    if not isinstance(images, Stored):
        return images, None
    mapped = images.source.array
    if mapped is None:
        return np.empty((0, *images.shape[1:]), images.dtype), None
    return mapped, images.rows[order]

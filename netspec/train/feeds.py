"""What each pass over the data feeds to a device: the order of the images, and how they are cropped and normalised."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netspec.data.dataset import Images, Labels, Part
from netspec.data.order import Purpose, permutation
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
    return _feed(part.images, part.labels, order, preparation, crop, seed, epoch)


def measuring_feed(images: Images, labels: Labels | None, experiment: Experiment, preparation: Preparation) -> Feed:
    """A pass in the order of the file, crops in the centre; without labels for prediction."""
    pad = crop_pad(experiment)
    crop = None if pad is None else Crop(random=False, pad=pad)
    return _feed(images, labels, np.arange(len(images), dtype=np.int64), preparation, crop, experiment.train.seed, 0)


def _feed(
    images: Images,
    labels: Labels | None,
    order: NDArray[np.int64],
    preparation: Preparation,
    crop: Crop | None,
    seed: int,
    epoch: int,
) -> Feed:
    mean = np.asarray(preparation.mean, np.float32)
    scale = (1.0 / np.asarray(preparation.deviation, np.float64)).astype(np.float32)
    return Feed(images, labels, order, mean, scale, crop, seed, epoch, preparation.white)

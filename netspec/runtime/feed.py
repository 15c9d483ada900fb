"""What a run is fed: a data set, the order of its images, and how an image becomes the network's input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Crop:
    """A window of the input's size cut out of each image, which first gets `pad` rows and columns of zeros around it
    (zeros after normalisation). `random`: at a place drawn for each epoch and image; else in the middle."""

    random: bool
    pad: int = 0


@dataclass(frozen=True, slots=True)
class Feed:
    """The network sees (image - mean) * scale, in the order given.

    images (N, C, H, W) uint8 or float32; labels (N,) int32, None for prediction; order int64 image numbers; mean and
    scale (C,) float32. A flat vector of F numbers is an image (F, 1, 1). Without a crop the images have the
    input's size. `seed` and `epoch` pick the random places.
    """

    images: NDArray[Any]
    labels: NDArray[Any] | None
    order: NDArray[Any]
    mean: NDArray[Any]
    scale: NDArray[Any]
    crop: Crop | None = None
    seed: int = 0
    epoch: int = 0

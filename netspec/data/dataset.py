"""What training and evaluation read: images with labels, in parts, and how to normalise them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from netspec.data.levels import FileNumbers, Levels
from netspec.data.stored import Stored

Images: TypeAlias = NDArray[np.uint8 | np.float32]
"""Pixels, shape (N, C, H, W): bytes where the source has bytes, else float32. May be read-only."""

Labels: TypeAlias = NDArray[np.int32]
"""Class numbers from zero, shape (N,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Images and their labels, `images` (N, C, H, W) and `labels` (N,). Points in the plane have shape (N, 2, 1, 1).

    Images that would not fit into memory stay in their files. `numbers` is what the numbers in the files of arrays are,
    None where their levels are known otherwise.
    """

    images: Images | Stored
    labels: Labels
    numbers: FileNumbers | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def pick(self, indices: NDArray[np.int64]) -> Part:
        """The images at these places, in this order."""
        images = self.images
        return Part(images.pick(indices) if isinstance(images, Stored) else images[indices], self.labels[indices])


@dataclass(frozen=True, slots=True)
class Caution:
    """What is probably not meant, where a net is to learn from the data: a warning."""

    code: str
    message: str
    helps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Collection:
    """A data set as it was read, before classes are chosen and parts held out.

    `class_names` are numbers where the classes are `numbered`, because the source has no names. `all_classes` ends the
    description where none is left out. `levels` are the values of black and white: the smallest and the largest number
    that the files' type can hold (0 and 255 for bytes), those of the set (16 for `digits`), or those that the spec
    names.
    """

    description: str
    class_names: tuple[str, ...]
    levels: Levels
    train: Part
    validation: Part | None = None
    test: Part | None = None
    notices: tuple[str, ...] = ()
    numbered: bool = False
    all_classes: str = ""
    cautions: tuple[Caution, ...] = ()

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts there are: training, then validation and test."""
        return tuple(part for part in (self.train, self.validation, self.test) if part is not None)


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """A data set ready for a net. What the net sees of a pixel x of channel c is (x - mean[c]) / deviation[c].

    `mean` and `deviation` are float32 of shape (C,), C the channels of `images`; they stand on the scale of the
    images as stored (0 to 255 for bytes), and deviations are above zero. A picture file that is shown to the net
    later is brought to the same scale by `levels`, then normalised the same way. Of the classes numbered in `lost`
    `take` left no training image, of those in `lost_test` `take_test` no image of the test part.
    """

    train: Part
    validation: Part | None
    test: Part | None
    class_names: tuple[str, ...]
    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]
    levels: Levels
    description: str
    notices: tuple[str, ...]
    numbered: bool = False
    cautions: tuple[Caution, ...] = ()
    lost: tuple[int, ...] = ()
    lost_test: tuple[int, ...] = ()

    def normalized(self, images: Images) -> NDArray[np.float32]:
        """Images (N, C, H, W) as the net sees them, float32."""
        mean, deviation = self.mean[:, None, None], self.deviation[:, None, None]
        return (images.astype(np.float32) - mean) / deviation

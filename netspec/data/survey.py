"""What a first look at the pictures of a part finds: which can be used, and their pixels or where to find them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspec.data.dataset import Part
from netspec.data.picture import Form, Pixels
from netspec.data.picture_files import PictureFiles
from netspec.data.stored import Stored

Sums = tuple[NDArray[Any], NDArray[Any]]
"""Of x and of x*x over an image, (C,) each; exact and kept for bytes alone."""


class Survey:
    """Pictures, of which there are at most `files`, in order of their labels. Their pixels are held where all
    of them take no more than `held_bytes`."""

    def __init__(self, files: int, held_bytes: int) -> None:
        self._files, self._held_bytes = files, held_bytes
        self._paths: list[Path] = []
        self._labels = np.empty(files, np.int32)
        self.image_shape: tuple[int, ...] | None = None
        self._held: NDArray[Any] | None = None
        self._sums: NDArray[np.uint64] | None = None

    def __len__(self) -> int:
        return len(self._paths)

    def add(self, label: int, path: Path, pixels: Pixels, sums: Sums | None) -> None:
        """The next picture that can be used."""
        if self.image_shape is None:
            self._begin(pixels)
        number = len(self._paths)
        self._paths.append(path)
        self._labels[number] = label
        if self._held is not None:
            self._held[number] = pixels
        elif self._sums is not None and sums is not None:
            self._sums[:, number] = sums

    def _begin(self, pixels: Pixels) -> None:
        """Chooses whether to hold pixels, now that the size of one picture is known."""
        self.image_shape = pixels.shape
        if self._files * pixels.nbytes <= self._held_bytes:
            self._held = np.empty((self._files, *pixels.shape), pixels.dtype)
        elif pixels.dtype == np.uint8:
            self._sums = np.empty((2, self._files, pixels.shape[0]), np.uint64)

    def part(self, form: Form, *, strict: bool) -> Part:
        """All pictures that were added in this form, of which there must be one."""
        assert self.image_shape is not None
        labels = self._labels[: len(self)].copy()
        if self._held is not None:
            return Part(self._held[: len(self)], labels)
        sums = None if self._sums is None else self._sums[:, : len(self)]
        files = PictureFiles(tuple(self._paths), labels, self.image_shape, form=form, sums=sums, strict=strict)
        return Part(Stored.whole(files), labels)

"""Picture files read when they are needed: a `Source` whose images are decoded as often as they are seen.

A file that vanishes or breaks while a net trains is replaced by the next one of its class that can be read, the first
coming after the last; so which image is seen depends on the files alone, not on when they are read.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from netspec.data.levels import UnsettledError
from netspec.data.picture import Form, Pixels, UnreadableError, decode, stays_bytes
from netspec.data.stored import Moments, Rows
from netspec.diagnostics.failure import DataError

TRIES = 16
"""Files of a class that may be found unreadable one after the other."""


class PictureFiles:
    """`paths` are sorted by their `labels` (count,); `sums` (2, count, C) are those of each image's pixels and of their
    squares, None where these are no bytes.

    All images have `image_shape` (C, H, W) once they are brought to `form`.
    """

    def __init__(
        self,
        paths: tuple[Path, ...],
        labels: NDArray[np.int32],
        image_shape: tuple[int, ...],
        *,
        form: Form,
        sums: NDArray[np.uint64] | None,
        strict: bool,
    ) -> None:
        self._paths, self._labels, self._image_shape = paths, labels, image_shape
        self._form, self._sums, self._strict = replace(form, asked=None), sums, strict
        self._dtype = np.dtype(np.uint8 if stays_bytes(form.levels) else np.float32)
        self._lost: dict[str, str] = {}
        warnings.filterwarnings("ignore", module="PIL")

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self._paths), *self._image_shape)

    @property
    def dtype(self) -> np.dtype[np.uint8 | np.float32]:
        return self._dtype

    @property
    def array(self) -> None:
        return None

    def read(self, rows: Rows) -> Pixels:
        found = np.empty((len(rows), *self._image_shape), self._dtype)
        for into, row in enumerate(rows.tolist()):
            found[into] = self._read(row)
        return found

    def _read(self, row: int) -> Pixels:
        """The image of a row, or of the next row of its class that can be read."""
        first, last = self._class_of(row)
        for later in range(min(TRIES, last - first)):
            chosen = first + (row - first + later) % (last - first)
            try:
                return self._decode(chosen)
            except UnreadableError as error:
                self._lose(self._paths[chosen], str(error))
        raise DataError(
            "E530",
            f"`{self._paths[row]}` cannot be read, nor can the pictures after it",
            notes=(f"{len(self._lost):,} files cannot be read that could be when the run began",),
            helps=("bring the folder back, then go on with `--resume`",),
        )

    def _class_of(self, row: int) -> tuple[int, int]:
        """The first row of its class, and the one behind the last."""
        label = self._labels[row : row + 1]
        return int(self._labels.searchsorted(label, "left")[0]), int(self._labels.searchsorted(label, "right")[0])

    def _decode(self, row: int) -> Pixels:
        try:
            pixels = decode(self._paths[row], self._form).pixels
        except UnsettledError as error:
            raise UnreadableError(str(error)) from None
        if pixels.shape != self._image_shape:
            raise UnreadableError(f"it is now {pixels.shape[1]}x{pixels.shape[2]}")
        return pixels

    def _lose(self, path: Path, reason: str) -> None:
        if self._strict:
            raise DataError("E512", f"`{path}` cannot be used any more: {reason}")
        self._lost[str(path)] = reason

    def moments(self, rows: Rows) -> Moments | None:
        if self._sums is None:
            return None
        sums, squares = (values[rows].sum(axis=0, dtype=np.uint64) for values in self._sums)
        return sums.astype(np.float64), squares.astype(np.float64)

    def check(self) -> None:
        """Each file is checked when it is read."""

    def lost(self) -> dict[str, str]:
        return dict(self._lost)

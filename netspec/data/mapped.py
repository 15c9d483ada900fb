"""Files of numbers, mapped: the system reads a page when it is touched, and may forget it when memory is short."""

from __future__ import annotations

import mmap
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspec.data.ahead import ahead
from netspec.data.arrays import arranged, converted, require_numbers
from netspec.data.failures import damaged, reading, require_file
from netspec.data.levels import FileNumbers, array_numbers
from netspec.data.pieces import pieces
from netspec.data.read_options import ReadOptions
from netspec.data.stored import Moments, Pixels, Rows, Stored
from netspec.diagnostics.failure import DataError


class MappedFile:
    """A file that is open, mapped and expected to stay as it is. Never written to."""

    def __init__(self, path: Path, size_bytes: int) -> None:
        """Raises DataError where the file is not of this size, or cannot be mapped."""
        _require_size(path, size_bytes)
        self.path, self.size_bytes = path, size_bytes
        with reading(path), path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self._changed_ns = os.fstat(file.fileno()).st_mtime_ns
            self._same = os.fstat(file.fileno()).st_ino

    def numbers(self, dtype: np.dtype[Any], start: int) -> NDArray[Any]:
        """What lies behind the first `start` bytes, in one row; read-only."""
        return np.frombuffer(self._map, dtype, offset=start)

    def check(self) -> None:
        """Raises DataError (E530) where the file has been changed or cut off since it was opened.

        A file that was removed or replaced by another of its name is still there for whoever has it open.
        """
        try:
            found = os.stat(self.path)
        except OSError:
            return
        if found.st_ino == self._same and (found.st_size, found.st_mtime_ns) != (self.size_bytes, self._changed_ns):
            raise DataError(
                "E530",
                f"`{self.path}` was changed while it was in use",
                helps=("leave data files alone while a net trains on them",),
            )


def _require_size(path: Path, size_bytes: int) -> None:
    found = require_file(path)
    if found > size_bytes:
        raise damaged(path, f"it goes on after the {size_bytes:,} bytes that its header announces")
    if found < size_bytes:
        raise damaged(path, f"{size_bytes:,} bytes are announced, {found:,} are there")


class MappedImages:
    """Images in a mapped file: a `Source`.

    `view` is an array (N, C, H, W) over the file in whatever type and order the file has.
    """

    def __init__(self, file: MappedFile, view: NDArray[Any]) -> None:
        self._file, self._view = file, view

    @property
    def shape(self) -> tuple[int, ...]:
        return self._view.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.uint8 if self._view.dtype == np.uint8 else np.float32)

    @property
    def array(self) -> Pixels | None:
        return self._view if _is_as_used(self._view) else None

    def read(self, rows: Rows) -> Pixels:
        self.check()
        with np.errstate(over="ignore", invalid="ignore"):  # told by `map_images`
            return np.ascontiguousarray(self._view[rows], self.dtype)

    def moments(self, rows: Rows) -> Moments | None:
        return None

    def check(self) -> None:
        self._file.check()

    def lost(self) -> dict[str, str]:
        return {}


def _is_as_used(view: NDArray[Any]) -> bool:
    """Whether native code can read the images where they are: numbers of an image side by side, of the right type."""
    usual = view.dtype == np.uint8 or (view.dtype == np.float32 and view.dtype.isnative and view.flags.aligned)
    return usual and view[:1].flags.c_contiguous and view.strides[0] % view.itemsize == 0


def map_images(file: MappedFile, numbers: NDArray[Any], read_options: ReadOptions) -> tuple[Stored, FileNumbers]:
    """Images of an array over a mapped file, of any shape that `arranged` takes, and what their numbers are.

    Raises DataError (E507) where they are no numbers or one is not finite; all but bytes are read for that.
    """
    require_numbers(numbers, file.path)
    images = Stored.whole(MappedImages(file, arranged(numbers, file.path, read_options)))
    if images.dtype == np.uint8:
        return images, array_numbers("uint8")
    return images, array_numbers(numbers.dtype.name, *_extremes(images, file.path, read_options))


def _extremes(images: Stored, origin: Path, read_options: ReadOptions) -> tuple[float, float]:
    """The smallest and the largest number."""

    def extremes(piece: slice) -> tuple[float, float]:
        some = converted(images[piece], origin, piece.start)
        return float(some.min()), float(some.max())

    low, high, every = float("inf"), float("-inf"), pieces(images.shape, images.dtype)
    for piece, (smallest, largest) in zip(every, ahead(extremes, every), strict=True):
        low, high = min(low, smallest), max(high, largest)
        read_options.progress("checking images", piece.stop, len(images))
    return low, high

"""Files that hold one array behind a header which announces its type and shape: held in memory, or mapped."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from netspec.data.arrays import as_images, as_labels, numbers_of
from netspec.data.dataset import Images, Part
from netspec.data.levels import FileNumbers
from netspec.data.mapped import MappedFile, map_images
from netspec.data.packed import content, is_packed
from netspec.data.read_options import ReadOptions
from netspec.data.stored import Stored
from netspec.diagnostics.failure import DataError


class Header(Protocol):
    """What a file says of itself."""

    @property
    def dtype(self) -> np.dtype[Any]: ...

    @property
    def start(self) -> int:
        """Bytes before the numbers."""
        ...

    @property
    def size_bytes(self) -> int:
        """Of the whole file, unpacked."""
        ...

    def shaped(self, numbers: NDArray[Any]) -> NDArray[Any]:
        """The array, of its numbers in one row."""
        ...


def read_numbers(path: Path, header: Header) -> NDArray[Any]:
    """The array in the type and the byte order of the file, which may be compressed with gzip; read-only."""
    return header.shaped(np.frombuffer(content(path, header.size_bytes), header.dtype, offset=header.start))


def read_images(path: Path, header: Header, read_options: ReadOptions) -> tuple[Images | Stored, FileNumbers]:
    """Images, in memory or where they take more than may be held mapped, and what their numbers are. What is compressed
    cannot be mapped."""
    if header.size_bytes <= read_options.held_bytes or is_packed(path):
        images = as_images(read_numbers(path, header), path, read_options)
        return images, numbers_of(images, header.dtype)
    file = MappedFile(path, header.size_bytes)
    return map_images(file, header.shaped(file.numbers(header.dtype, header.start)), read_options)


def paired(
    found: tuple[Images | Stored, FileNumbers], numbers: NDArray[Any], images_path: Path, labels_path: Path
) -> Part:
    """Images and labels of two files as a part. Raises DataError (E505) where they differ in number, E506."""
    images, labels = found[0], as_labels(numbers, labels_path)
    if len(images) != len(labels):
        raise DataError(
            "E505",
            f"`{images_path}` holds {len(images):,} images, `{labels_path}` {len(labels):,} labels",
            helps=('name the label file that belongs to the images with `labels="…"`',),
        )
    return Part(images, labels, found[1])

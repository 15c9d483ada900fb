"""The IDX format of MNIST: a magic number that gives type and rank, the sizes, then the numbers, all big-endian.

<http://yann.lecun.com/exdb/mnist/>; plain or compressed with gzip, told apart by content.
"""

from __future__ import annotations

import math
import os.path
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspec.data.announced import paired, read_images, read_numbers
from netspec.data.dataset import Part
from netspec.data.failures import damaged, reading
from netspec.data.packed import head
from netspec.data.read_options import DEFAULT, ReadOptions
from netspec.diagnostics.failure import DataError

TRAIN = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
TEST = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
TYPES: dict[int, str] = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
"""The third byte of the magic number."""
LARGEST_RANK = 4
IMAGES_OF_A_SET = re.compile(r"((?:.*[-_. ])?)train-images[-.]idx3-ubyte(?:\.gz)?", re.DOTALL)
"""MNIST's name, alone or behind a prefix, as in `emnist-letters-train-images-idx3-ubyte.gz`."""
TEST_WORDS = ("t10k", "test")
"""What the names of the test part begin with: MNIST's own, and that of EMNIST and others."""


@dataclass(frozen=True, slots=True)
class Header:
    """What an IDX file says of itself; `start` is where its numbers begin."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def start(self) -> int:
        return 4 + 4 * len(self.shape)

    @property
    def size_bytes(self) -> int:
        return self.start + math.prod(self.shape) * self.dtype.itemsize

    def shaped(self, numbers: NDArray[Any]) -> NDArray[Any]:
        return numbers.reshape(self.shape)


def is_idx(first: bytes) -> bool:
    """Whether a file that begins with these bytes (four or more) says it is IDX."""
    return len(first) >= 4 and first[:2] == b"\0\0" and first[2] in TYPES and 1 <= first[3] <= LARGEST_RANK


def read_header(path: Path) -> Header:
    """Checks the magic number and reads the sizes."""
    first = head(path, 4 + 4 * LARGEST_RANK)
    if not is_idx(first):
        raise DataError(
            "E504",
            f"`{path}` is not an IDX file: it begins with {first[:4].hex(' ') or 'nothing'}",
            notes=("images begin with 00 00 08 03, labels with 00 00 08 01",),
        )
    rank = first[3]
    if len(first) < 4 + 4 * rank:
        raise damaged(path, "it ends within its header")
    return Header(np.dtype(TYPES[first[2]]), struct.unpack(f">{rank}I", first[4 : 4 + 4 * rank]))


def find(folder: Path, stem: str) -> Path | None:
    """The file of MNIST's name `stem` (`train-images-idx3-ubyte`) in a folder, in any of its usual spellings."""
    dotted = ".idx".join(stem.rsplit("-idx", 1))
    spellings = (stem, f"{stem}.gz", dotted, f"{dotted}.gz")
    return next((folder / name for name in spellings if os.path.exists(folder / name)), None)


def prefixes(folder: Path) -> tuple[str, ...]:
    """What the names of the sets in a folder begin with, sorted; "" is a set of MNIST's own names."""
    with reading(folder):
        names = [path.name for path in folder.iterdir()]
    return tuple(sorted({found[1] for name in names if (found := IMAGES_OF_A_SET.fullmatch(name))}))


def test_stems(folder: Path, prefix: str) -> tuple[str, str]:
    """The names of the test part of a set, images and labels. Raises DataError (E553) where it is there twice."""
    stems = [tuple(f"{prefix}{stem.replace('t10k', word)}" for stem in TEST) for word in TEST_WORDS]
    there = [find(folder, images) for images, _ in stems]
    if all(there):
        raise DataError(
            "E553",
            f"`{there[0]}` and `{there[1]}` are both images of the test part",
            helps=("move the files of one of them away",),
        )
    images, labels = stems[1 if there[1] else 0]
    return images, labels


def read_array(path: Path) -> NDArray[Any]:
    """The array of a file, in the type and the byte order that it has; read-only."""
    return read_numbers(path, read_header(path))


def read_part(images_path: Path, labels_path: Path, read_options: ReadOptions = DEFAULT) -> Part:
    """Images and their labels, checked against each other."""
    images = read_images(images_path, read_header(images_path), read_options)
    return paired(images, read_array(labels_path), images_path, labels_path)

"""NumPy's arrays in `.npy` files, read without NumPy's own reader, which believes every size that a file announces."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspec.data.announced import paired, read_images, read_numbers
from netspec.data.dataset import Part
from netspec.data.failures import damaged
from netspec.data.packed import head
from netspec.data.read_options import DEFAULT, ReadOptions
from netspec.diagnostics.failure import DataError

MAGIC = b"\x93NUMPY"
LONGEST_HEADER_BYTES = 10_000
HEADER = re.compile(
    rb"\{'descr': '([<>|=](?:b1|[ui][1248]|f[248]|[US]\d{1,4}))', "
    rb"'fortran_order': (True|False), 'shape': \(([0-9, ]{0,200})\), ?\} *\n?"
)
"""What NumPy writes for arrays of plain numbers and texts. Objects and records do not match."""


@dataclass(frozen=True, slots=True)
class Header:
    """What an array says of itself; its numbers begin at `start`, the first axis fastest if `fortran`."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran: bool
    start: int

    @property
    def size_bytes(self) -> int:
        return self.start + math.prod(self.shape) * self.dtype.itemsize

    def shaped(self, numbers: NDArray[Any]) -> NDArray[Any]:
        return numbers.reshape(self.shape, order="F" if self.fortran else "C")


def parse_header(first: bytes, origin: Path | str) -> Header:
    """The header of an array that begins with these bytes."""
    if first[:6] != MAGIC or len(first) < 10 or first[6] not in (1, 2, 3):
        raise damaged(origin, "it does not begin like an array")
    width = 2 if first[6] == 1 else 4
    start = 8 + width + int.from_bytes(first[8 : 8 + width], "little")
    said = HEADER.fullmatch(first[8 + width : min(start, LONGEST_HEADER_BYTES)])
    if said is None:
        raise DataError(
            "E507",
            f"`{origin}` is not an array of plain numbers",
            helps=("arrays of objects and records are not read: store uint8, float32 or whole numbers",),
        )
    sizes = tuple(int(size) for size in said[3].replace(b" ", b"").split(b",") if size)
    return Header(np.dtype(said[1].decode()), sizes, said[2] == b"True", start)


def is_npy(first: bytes) -> bool:
    """Whether a file that begins with these bytes (six or more) says it is an array."""
    return first.startswith(MAGIC)


def read_header(path: Path) -> Header:
    """The header of a file, which may be compressed with gzip."""
    return parse_header(head(path, LONGEST_HEADER_BYTES), path)


def read_array(path: Path) -> NDArray[Any]:
    """The array of a file, in the type and the byte order that it has; read-only."""
    return read_numbers(path, read_header(path))


def read_part(images_path: Path, labels_path: Path, read_options: ReadOptions = DEFAULT) -> Part:
    """Images and their labels, checked against each other."""
    images = read_images(images_path, read_header(images_path), read_options)
    return paired(images, read_array(labels_path), images_path, labels_path)

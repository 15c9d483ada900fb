"""The CIFAR formats: records of label bytes and 3,072 pixels, or pickled batches; extracted or in their archive.

<https://www.cs.toronto.edu/~kriz/cifar.html>. A pixel record is 1,024 red, 1,024 green, 1,024 blue bytes, row by row.
"""

from __future__ import annotations

import os.path
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from netspec.data.arrays import as_labels
from netspec.data.dataset import Part
from netspec.data.failures import damaged, require_file
from netspec.data.joined import joined
from netspec.data.mapped import MappedFile, map_images
from netspec.data.members import is_archive, read_members
from netspec.data.pieces import pieces
from netspec.data.read_options import DEFAULT, ReadOptions
from netspec.data.stored import Stored
from netspec.data.unpickle import read_batch
from netspec.diagnostics.failure import DataError

SHAPE = (3, 32, 32)
PIXELS = 3072


@dataclass(frozen=True, slots=True)
class Batches:
    """The names of a published set's files, and how to read one of them. `label_bytes` stand before the pixels of a
    record; there are none where batches are pickled."""

    train: tuple[str, ...]
    test: tuple[str, ...]
    read: Callable[[bytes, Path | str], Part]
    label_bytes: int = 0


def read_binary10(records: bytes, origin: Path | str) -> Part:
    """Records of one label byte and the pixels."""
    return _from_records(records, 1, origin)


def read_binary100(records: bytes, origin: Path | str) -> Part:
    """Records of a coarse label byte, a fine one, which is kept, and the pixels."""
    return _from_records(records, 2, origin)


def read_binary(records: bytes, origin: Path | str) -> Part:
    """Either kind of records, told apart by the length; if both fit, by labels that CIFAR-10 can have."""
    fits10, fits100 = len(records) % (PIXELS + 1) == 0, len(records) % (PIXELS + 2) == 0
    if fits100 and (not fits10 or _labels_above_nine(records)):
        return read_binary100(records, origin)
    return read_binary10(records, origin)


def _labels_above_nine(records: bytes) -> bool:
    return bool((np.frombuffer(records, np.uint8)[:: PIXELS + 1] > 9).any())


def map_binary(path: Path, read_options: ReadOptions) -> Part:
    """Either kind of records, left in a file that is larger than may be held; the labels among them are read."""
    file = MappedFile(path, require_file(path))
    return _map_records(file, _label_bytes(file.numbers(np.dtype(np.uint8), 0), path), read_options)


def _map_records(file: MappedFile, label_bytes: int, read_options: ReadOptions) -> Part:
    _require_whole(file.size_bytes, label_bytes, file.path)
    table = file.numbers(np.dtype(np.uint8), 0).reshape(-1, label_bytes + PIXELS)
    labels = np.empty(len(table), np.int32)
    for piece in pieces(table.shape, table.dtype):
        labels[piece] = table[piece, label_bytes - 1]
        read_options.progress("reading labels", piece.stop, len(table))
    return Part(map_images(file, table[:, label_bytes:].reshape(-1, *SHAPE), read_options)[0], labels)


def _label_bytes(records: NDArray[np.uint8], path: Path) -> int:
    """How many bytes stand before the pixels of a record."""
    size_bytes = len(records)
    if size_bytes % (PIXELS + 1) and size_bytes % (PIXELS + 2):
        raise damaged(path, f"{size_bytes:,} bytes are no whole number of records of {PIXELS + 1:,}")
    both = size_bytes % (PIXELS + 1) == size_bytes % (PIXELS + 2)
    return 2 if size_bytes % (PIXELS + 1) or (both and (records[:: PIXELS + 1] > 9).any()) else 1


def _from_records(records: bytes, label_bytes: int, origin: Path | str) -> Part:
    _require_whole(len(records), label_bytes, origin)
    table = np.frombuffer(records, np.uint8).reshape(-1, label_bytes + PIXELS)
    return Part(table[:, label_bytes:].reshape(-1, *SHAPE), table[:, label_bytes - 1].astype(np.int32))


def _require_whole(size_bytes: int, label_bytes: int, origin: Path | str) -> None:
    record_bytes = label_bytes + PIXELS
    if not size_bytes or size_bytes % record_bytes:
        raise damaged(origin, f"{size_bytes:,} bytes are no whole number of records of {record_bytes:,}")


def read_python(pickled: bytes, origin: Path | str) -> Part:
    """A pickled batch: `data`, (N, 3072) bytes, and `labels` or `fine_labels`, N numbers."""
    batch = read_batch(pickled, origin)
    data = _array(batch.get("data"))
    if data is None or data.dtype != np.uint8 or data.ndim != 2 or data.shape[1] != PIXELS:
        raise DataError("E507", f"`data` in `{origin}` is not an array of N x {PIXELS:,} bytes")
    labels = _array(batch.get("labels", batch.get("fine_labels")))
    if labels is None:
        raise DataError("E506", f"`{origin}` holds no `labels` or `fine_labels` that are whole numbers")
    numbers = as_labels(labels, origin)
    if len(numbers) != len(data):
        raise DataError("E505", f"`{origin}` holds {len(data):,} images, but {len(numbers):,} labels")
    return Part(data.astype(np.uint8, copy=False).reshape(-1, *SHAPE), numbers)


def _array(value: object) -> NDArray[np.generic] | None:
    """An array as it is, a list of whole numbers as an array; anything else is none."""
    if isinstance(value, np.ndarray):
        return cast("NDArray[np.generic]", value)
    if isinstance(value, list):
        numbers = cast("list[object]", value)
        if all(type(number) is int and abs(number) < 2**31 for number in numbers):
            return np.array(numbers, np.int64)
    return None


FIVE = ("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5")
BINARY10 = Batches(tuple(f"{name}.bin" for name in FIVE), ("test_batch.bin",), read_binary10, label_bytes=1)
BINARY100 = Batches(("train.bin",), ("test.bin",), read_binary100, label_bytes=2)
PYTHON10 = Batches(FIVE, ("test_batch",), read_python)
PYTHON100 = Batches(("train",), ("test",), read_python)
KINDS = (BINARY10, BINARY100, PYTHON10, PYTHON100)


def read_batches(
    place: Path, kinds: tuple[Batches, ...] = KINDS, read_options: ReadOptions = DEFAULT, *, whole: bool = False
) -> tuple[Part, Part | None]:
    """Training and test part out of a folder or an archive, of the first kind that has a training batch there.

    A user's own folder may hold fewer batches than the published set; with `whole` all of them must be there. Records
    in a folder are left in their files where those of a part are larger than may be held.
    """
    mapped = _too_large(place, kinds, read_options)
    found = read_members(place, {name for kind in kinds for name in (*kind.train, *kind.test)} - mapped)
    there = found.keys() | mapped
    kind = next((kind for kind in kinds if any(name in there for name in kind.train)), None)
    if kind is None:
        names = ", ".join(f"`{kind.train[0]}`" for kind in kinds)
        raise DataError("E504", f"`{place}` holds no CIFAR batches", notes=(f"looked for files such as {names}",))
    missing = [name for name in (*kind.train, *kind.test) if name not in there]
    if whole and missing:
        raise DataError("E503", f"`{place}` is not complete: there is no {', '.join(f'`{name}`' for name in missing)}")

    def batch(name: str) -> Part:
        if name not in mapped:
            return kind.read(found.pop(name), place / name)
        return _map_records(MappedFile(place / name, require_file(place / name)), kind.label_bytes, read_options)

    train, test = ([batch(name) for name in names if name in there] for names in (kind.train, kind.test))
    return _joined(train), _joined(test) if test else None


def _too_large(place: Path, kinds: tuple[Batches, ...], read_options: ReadOptions) -> set[str]:
    """The files of records in a folder that, with those of the same part, are larger than may be held."""
    if is_archive(place):
        return set()
    parts = [names for kind in kinds if kind.label_bytes for names in (kind.train, kind.test)]
    there = [{name: require_file(place / name) for name in names if os.path.exists(place / name)} for names in parts]
    return {name for sizes in there if sum(sizes.values()) > read_options.held_bytes for name in sizes}


def _joined(parts: list[Part]) -> Part:
    labels = np.concatenate([part.labels for part in parts])
    sources = [part.images.source for part in parts if isinstance(part.images, Stored)]
    if sources:
        return Part(Stored.whole(joined(sources)), labels)
    return Part(np.concatenate([part.images[:] for part in parts]), labels)

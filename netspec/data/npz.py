"""Arrays in a `.npz` file, which is held in memory whole. What their names mean is told by `array_names`."""

from __future__ import annotations

import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspec.data.array_names import Pair, Parts, parts_of
from netspec.data.arrays import MOST_CLASSES, as_images, as_labels, numbers_of
from netspec.data.dataset import Images, Labels, Part
from netspec.data.failures import damaged, reading, require_file
from netspec.data.npy import parse_header
from netspec.data.packed import INFLATION
from netspec.data.read_options import DEFAULT, ReadOptions
from netspec.diagnostics.failure import DataError

Array = NDArray[np.generic]

NAMES = ("class_names", "classes")

BROKEN_ARCHIVE = (
    zipfile.BadZipFile,  # no archive, or one whose parts disagree
    struct.error,  # a directory that ends within an entry
    ValueError,  # a date, an offset or a name that cannot be
    LookupError,  # a directory that names what is not there
    RuntimeError,  # a member that needs a password
)
"""What `zipfile` raises for files that are no whole archives, or are none that NumPy writes."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a `.npz` file holds; names of classes only if it has them. `notices` tell what is left alone."""

    train: Part
    validation: Part | None
    test: Part | None
    class_names: tuple[str, ...] | None
    notices: tuple[str, ...] = ()


def read_npz(path: Path, read_options: ReadOptions = DEFAULT) -> Contents:
    """Reads the parts of a file; `read_options` settles the order of the axes.

    Raises DataError, E553 where two arrays are the same part.
    """
    require_file(path)
    try:
        with reading(path), zipfile.ZipFile(path) as archive:
            return _read(archive, path, read_options)
    except NotImplementedError as error:
        # zipfile's word for a compression that it does not know; a RuntimeError, so it comes before BROKEN_ARCHIVE
        raise DataError(
            "E504",
            f"`{path}` is packed in a way that is not read here: {str(error).lower()}",
            helps=("save it with `numpy.savez_compressed`",),
        ) from None
    except BROKEN_ARCHIVE as error:
        raise damaged(path, f"it is not a whole .npz file ({error})") from None


def _read(archive: zipfile.ZipFile, path: Path, read_options: ReadOptions) -> Contents:
    members = {name.removesuffix(".npy"): name for name in archive.namelist()}

    parts = parts_of(members, path)

    def part(keys: Pair | None) -> Part | None:
        if keys is None:
            return None
        images, labels = (f"{path}:{key}" for key in keys)
        array = _array(archive, members[keys[0]], images)
        return _paired(
            as_images(array, images, read_options),
            array.dtype,
            as_labels(_array(archive, members[keys[1]], labels), labels),
            path,
        )

    train = part(parts.train)
    if train is None:
        raise DataError(
            "E504",
            f"`{path}` holds no training images with labels: {_listed(members)}",
            helps=("name the arrays `images` and `labels`, or `x_train`, `y_train`, `x_test` and `y_test`",),
        )
    names, notices = _class_names(archive, members, path), _left_alone(parts, path)
    return Contents(train, part(parts.validation), part(parts.test), names, notices)


def _left_alone(parts: Parts, path: Path) -> tuple[str, ...]:
    if parts.others is None or parts.train is None:
        return ()
    (images, labels), (others, their_labels) = parts.train, parts.others
    read = f"`{path}` is read by its parts, `{images}` and `{labels}` to train on"
    return (f"{read}; left alone: `{others}` and `{their_labels}`",)


def _listed(members: dict[str, str]) -> str:
    names = [f"`{name[:40]}`" for name in list(members)[:8]]
    return "it has " + (", ".join(names) if names else "nothing") + (" and more" if len(members) > 8 else "")


def _paired(images: Images, dtype: np.dtype[Any], labels: Labels, path: Path) -> Part:
    if len(images) != len(labels):
        raise DataError("E505", f"`{path}` holds {len(images):,} images, but {len(labels):,} labels")
    return Part(images, labels, numbers_of(images, dtype))


def _class_names(archive: zipfile.ZipFile, members: dict[str, str], path: Path) -> tuple[str, ...] | None:
    for key in NAMES:
        if key in members:
            names = _array(archive, members[key], f"{path}:{key}")
            if names.dtype.kind in "US" and names.ndim == 1 and names.size <= MOST_CLASSES:
                return tuple(_text(name) for name in names.tolist())
    return None


def _text(name: object) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)


def _array(archive: zipfile.ZipFile, member: str, origin: str) -> Array:
    """An array, after its header and the archive's directory have been found to agree on its size."""
    info = archive.getinfo(member)
    if info.file_size > INFLATION * (info.compress_size + 64):
        raise damaged(origin, f"{info.file_size:,} bytes are announced, more than it can hold")
    with archive.open(info) as stream:
        content = stream.read(info.file_size)
    header = parse_header(content, origin)
    if header.size_bytes != len(content):
        announced = f"{'x'.join(map(str, header.shape))} of {header.dtype}"
        raise damaged(origin, f"its header announces {announced}, not what is there")
    return header.shaped(np.frombuffer(content, header.dtype, offset=header.start))

"""A user's own files: which format they have, and what belongs together."""

from __future__ import annotations

import os.path
from collections.abc import Callable
from pathlib import Path

from netspec.data import cifar, idx, npy
from netspec.data.arrays import check_labels, numbered_classes, white_of
from netspec.data.classes import as_named
from netspec.data.dataset import Collection, Part
from netspec.data.failures import require_file
from netspec.data.manner import Manner
from netspec.data.members import LARGEST_MEMBER_BYTES, is_archive
from netspec.data.npz import Contents, read_npz
from netspec.data.packed import head, is_packed, whole
from netspec.data.pictures import Wish, read_folder, wish
from netspec.diagnostics.failure import DataError
from netspec.ir.recipe import DataOptions

PICTURE_STARTS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF")
FORMATS = "IDX, CIFAR batches, .npz, .npy, or a folder of pictures with a folder a class"
APART = ("idx", "npy")
"""Formats whose labels lie in a file of their own."""


def read_files(options: DataOptions, manner: Manner) -> Collection:
    """The data at the path that the options name."""
    place = Path(options.source)
    kind = options.format or format_of(place)
    if kind not in READERS:
        raise DataError("E504", f"there is no format `{kind}`", helps=(f"there are {', '.join(READERS)}",))
    if kind not in APART and (options.labels or options.test_labels):
        message = f"`labels` is for IDX and .npy files; in the format `{kind}` labels come with the images"
        raise DataError("E520", message)
    return READERS[kind](place, options, manner)


def format_of(place: Path) -> str:
    """The format of a file or folder by what it holds. Raises DataError (E504) where it cannot be told."""
    return _format_of_folder(place) if os.path.isdir(place) else _format_of_file(place)


def _format_of_folder(folder: Path) -> str:
    if idx.find(folder, idx.TRAIN[0]) is not None:
        return "idx"
    batches = (folder / name for kind in cifar.KINDS for name in kind.train)
    return "cifar" if any(os.path.isfile(batch) for batch in batches) else "folder"


def _format_of_file(path: Path) -> str:
    size_bytes = require_file(path)
    if is_archive(path):
        return "cifar"
    first = head(path, 8)
    if first.startswith(PICTURE_STARTS):
        raise DataError(
            "E504", f"`{path}` is a single picture", helps=("name a folder with a folder of pictures a class",)
        )
    if first.startswith(b"PK\x03\x04"):
        return "npz"
    if npy.is_npy(first):
        return "npy"
    records = size_bytes % (cifar.PIXELS + 1) == 0 or size_bytes % (cifar.PIXELS + 2) == 0
    if records and path.suffix == ".bin":
        return "cifar"
    if idx.is_idx(first):
        return "idx"
    if records or first.startswith(b"\x80"):
        return "cifar"
    raise DataError(
        "E504",
        f"`{path}` is in no format that is known here: it begins with {first.hex(' ')}",
        notes=(f"known are {FORMATS}",),
        helps=("say which it is with `format=`",),
    )


def _read_idx(place: Path, options: DataOptions, manner: Manner) -> Collection:
    if os.path.isdir(place):
        train, test = (_published_pair(place, stems, manner) for stems in (idx.TRAIN, idx.TEST))
        if train is None:
            raise DataError("E504", f"`{place}` holds no `{idx.TRAIN[0]}`")
    else:
        train, test = idx.read_part(place, _labels_of(place, options.labels, "labels"), manner), None
    if options.test:
        images = Path(options.test)
        test = idx.read_part(images, _labels_of(images, options.test_labels, "test_labels"), manner)
    return _assembled(place, train, None, test, None)


def _published_pair(folder: Path, stems: tuple[str, str], manner: Manner) -> Part | None:
    images, labels = (idx.find(folder, stem) for stem in stems)
    if images is None:
        return None
    return idx.read_part(images, labels or folder / stems[1], manner)


def _labels_of(images: Path, given: str | None, option: str) -> Path:
    """The label file that is given, or the one beside the images whose name differs as MNIST's names do."""
    if given is not None:
        return Path(given)
    named = images.name.replace("images", "labels").replace("idx3", "idx1")
    for name in (named, named.removesuffix(".gz"), f"{named}.gz"):
        if name != images.name and os.path.exists(images.with_name(name)):
            return images.with_name(name)
    raise DataError("E520", f"there are no labels for `{images}`", helps=(f'name their file: `{option}="…"`',))


def _read_cifar(place: Path, options: DataOptions, manner: Manner) -> Collection:
    train, test = _cifar_parts(place, manner)
    if options.test:
        test, _ = _cifar_parts(Path(options.test), manner)
    return _assembled(place, train, None, test, None)


def _cifar_parts(place: Path, manner: Manner) -> tuple[Part, Part | None]:
    if os.path.isdir(place) or is_archive(place):
        return cifar.read_batches(place, manner=manner)
    if require_file(place) > manner.held_bytes and not is_packed(place):
        return cifar.map_binary(place, manner), None
    content = whole(place, max(LARGEST_MEMBER_BYTES, manner.held_bytes))
    if content.startswith(b"\x80"):
        return cifar.read_python(content, place), None
    return cifar.read_binary(content, place), None


def _read_npz(place: Path, options: DataOptions, manner: Manner) -> Collection:
    contents = read_npz(place, manner.shape)
    test = _npz_test(Path(options.test), contents, manner) if options.test else contents.test
    return _assembled(place, contents.train, contents.validation, test, contents.class_names)


def _npz_test(path: Path, training: Contents, manner: Manner) -> Part:
    """The test part in a file of its own, by the names of the classes where both files have them."""
    found = read_npz(path, manner.shape)
    if found.class_names is None or training.class_names is None:
        return found.train
    check_labels(found.train.labels, len(found.class_names), path)
    return as_named(found.train, found.class_names, training.class_names, path)


def _read_folder(place: Path, options: DataOptions, manner: Manner) -> Collection:
    test = Path(options.test) if options.test else None
    return read_folder(place, test, _wish(options, manner))


def _wish(options: DataOptions, manner: Manner) -> Wish:
    return wish(manner.shape, options.resize, manner.strict, manner.held_bytes, manner.progress)


def _read_npy(place: Path, options: DataOptions, manner: Manner) -> Collection:
    train = npy.read_part(place, _labels_of(place, options.labels, "labels"), manner)
    test = None
    if options.test:
        images = Path(options.test)
        test = npy.read_part(images, _labels_of(images, options.test_labels, "test_labels"), manner)
    return _assembled(place, train, None, test, None)


READERS: dict[str, Callable[[Path, DataOptions, Manner], Collection]] = {
    "idx": _read_idx,
    "cifar": _read_cifar,
    "npz": _read_npz,
    "npy": _read_npy,
    "folder": _read_folder,
}


def _assembled(
    place: Path, train: Part, validation: Part | None, test: Part | None, class_names: tuple[str, ...] | None
) -> Collection:
    """Parts that agree in shape and type, with names for all classes."""
    parts = [part for part in (train, validation, test) if part is not None]
    for part in parts:
        _check_alike(place, train, part)
    names = class_names or numbered_classes(*(part.labels for part in parts))
    for part in parts:
        check_labels(part.labels, len(names), place)
    numbered = class_names is None
    return Collection(f"`{place}`", names, white_of(train.images), train, validation, test, numbered=numbered)


def _check_alike(place: Path, train: Part, part: Part) -> None:
    kinds = [f"{'x'.join(map(str, some.images.shape[1:]))} of {some.images.dtype}" for some in (train, part)]
    if kinds[0] != kinds[1]:
        raise DataError("E510", f"training images of `{place}` are {kinds[0]}, those of another part {kinds[1]}")

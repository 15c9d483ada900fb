"""A user's own files: which format they have, and what belongs together."""

from __future__ import annotations

import os.path
from collections.abc import Callable
from pathlib import Path

from netspec.data import cifar, idx
from netspec.data.arrays import check_labels, numbered_classes, white_of
from netspec.data.dataset import Collection, Part
from netspec.data.failures import require_file
from netspec.data.members import LARGEST_MEMBER_BYTES, is_archive
from netspec.data.npz import read_npz
from netspec.data.packed import head, whole
from netspec.data.pictures import read_folder, wish
from netspec.diagnostics.failure import DataError
from netspec.ir.recipe import DataOptions

Shape = tuple[int, ...]

PICTURE_STARTS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF")
FORMATS = "IDX, CIFAR batches, .npz, or a folder of pictures with a folder a class"


def read_files(options: DataOptions, strict: bool, shape: Shape | None) -> Collection:
    """The data at the path that the options name; `shape` is the net's input where there is one."""
    place = Path(options.source)
    kind = options.format or format_of(place)
    if kind not in READERS:
        raise DataError("E504", f"there is no format `{kind}`", helps=(f"there are {', '.join(READERS)}",))
    if kind != "idx" and (options.labels or options.test_labels):
        raise DataError("E520", f"`labels` is for IDX files; in the format `{kind}` labels come with the images")
    return READERS[kind](place, options, strict, shape)


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


def _read_idx(place: Path, options: DataOptions, strict: bool, shape: Shape | None) -> Collection:
    if os.path.isdir(place):
        train, test = (_published_pair(place, stems, shape) for stems in (idx.TRAIN, idx.TEST))
        if train is None:
            raise DataError("E504", f"`{place}` holds no `{idx.TRAIN[0]}`")
    else:
        train, test = idx.read_part(place, _labels_of(place, options.labels, "labels"), shape), None
    if options.test:
        images = Path(options.test)
        test = idx.read_part(images, _labels_of(images, options.test_labels, "test_labels"), shape)
    return _assembled(place, train, None, test, None)


def _published_pair(folder: Path, stems: tuple[str, str], shape: Shape | None) -> Part | None:
    images, labels = (idx.find(folder, stem) for stem in stems)
    if images is None:
        return None
    return idx.read_part(images, labels or folder / stems[1], shape)


def _labels_of(images: Path, given: str | None, option: str) -> Path:
    """The label file that is given, or the one beside the images whose name differs as MNIST's names do."""
    if given is not None:
        return Path(given)
    named = images.name.replace("images", "labels").replace("idx3", "idx1")
    for name in (named, named.removesuffix(".gz"), f"{named}.gz"):
        if name != images.name and os.path.exists(images.with_name(name)):
            return images.with_name(name)
    raise DataError("E520", f"there are no labels for `{images}`", helps=(f'name their file: `{option}="…"`',))


def _read_cifar(place: Path, options: DataOptions, strict: bool, shape: Shape | None) -> Collection:
    train, test = _cifar_parts(place)
    if options.test:
        test, _ = _cifar_parts(Path(options.test))
    return _assembled(place, train, None, test, None)


def _cifar_parts(place: Path) -> tuple[Part, Part | None]:
    if os.path.isdir(place) or is_archive(place):
        return cifar.read_batches(place)
    content = whole(place, LARGEST_MEMBER_BYTES)
    if content.startswith(b"\x80"):
        return cifar.read_python(content, place), None
    return cifar.read_binary(content, place), None


def _read_npz(place: Path, options: DataOptions, strict: bool, shape: Shape | None) -> Collection:
    contents = read_npz(place, shape)
    test = read_npz(Path(options.test), shape).train if options.test else contents.test
    return _assembled(place, contents.train, contents.validation, test, contents.class_names)


def _read_folder(place: Path, options: DataOptions, strict: bool, shape: Shape | None) -> Collection:
    test = Path(options.test) if options.test else None
    return read_folder(place, test, wish(shape, options.resize, strict))


READERS: dict[str, Callable[[Path, DataOptions, bool, Shape | None], Collection]] = {
    "idx": _read_idx,
    "cifar": _read_cifar,
    "npz": _read_npz,
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
    return Collection(f"`{place}`", names, white_of(train.images), train, validation, test)


def _check_alike(place: Path, train: Part, part: Part) -> None:
    kinds = [f"{'x'.join(map(str, some.images.shape[1:]))} of {some.images.dtype}" for some in (train, part)]
    if kinds[0] != kinds[1]:
        raise DataError("E510", f"training images of `{place}` are {kinds[0]}, those of another part {kinds[1]}")

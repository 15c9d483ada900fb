"""A user's own files: which format they have, and what belongs together."""

from __future__ import annotations

import os.path
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from netspec.data import cifar, idx, npy
from netspec.data.arrays import check_labels, numbered_classes
from netspec.data.classes import as_named
from netspec.data.dataset import Collection, Part
from netspec.data.failures import require_file
from netspec.data.levels import Asked, Levels, array_levels, array_numbers, level_notices
from netspec.data.members import LARGEST_MEMBER_BYTES, is_archive
from netspec.data.npz import Contents, read_npz
from netspec.data.packed import head, is_packed, whole
from netspec.data.pictures import PictureOptions, picture_options, read_folder
from netspec.data.read_options import ReadOptions
from netspec.data.system_files import files_in, folders_in
from netspec.diagnostics.failure import DataError
from netspec.ir.recipe import DataOptions

PICTURE_STARTS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF")
FORMATS = "IDX, CIFAR batches, .npz, .npy, or a folder of pictures with a folder a class"
APART = ("idx", "npy")
"""Formats whose labels lie in a file of their own."""
MOST_LOOKED_AT, MOST_NAMED = 100, 3
"""Files of a folder that are opened to advise which to name, and how many are named."""
ARRAYS = ("idx", "npz", "npy")
"""Formats whose images may have their axes in either order."""


def read_files(options: DataOptions, read_options: ReadOptions) -> Collection:
    """The data at the path that the options name."""
    place = Path(options.source)
    kind = options.format or format_of(place)
    if kind not in READERS:
        raise DataError("E504", f"there is no format `{kind}`", helps=(f"there are {', '.join(READERS)}",))
    if kind not in APART and (options.labels or options.test_labels):
        message = f"`labels` is for IDX and .npy files; in the format `{kind}` labels come with the images"
        raise DataError("E520", message)
    if kind not in ARRAYS and options.axes:
        raise DataError(
            "E560", f"`axes` is for arrays of four axes, not for the format `{kind}`", helps=("leave it out",)
        )
    return READERS[kind](place, options, replace(read_options, axes=options.axes))


def format_of(place: Path) -> str:
    """The format of a file or folder by what it holds. Raises DataError (E504) where it cannot be told."""
    return _format_of_folder(place) if os.path.isdir(place) else _format_of_file(place)


def _format_of_folder(folder: Path) -> str:
    if idx.prefixes(folder):
        return "idx"
    if any(os.path.isfile(folder / name) for kind in cifar.KINDS for name in kind.train):
        return "cifar"
    if not folders_in(folder) and (helps := _files_to_name(folder)):
        notes = (f"known are {FORMATS}",)
        raise DataError("E504", f"`{folder}` holds no folders of pictures", notes=notes, helps=helps)
    return "folder"


def _files_to_name(folder: Path) -> tuple[str, ...]:
    """Advice to name a file of the folder that holds images; none where there is none."""
    files = [path for path in files_in(folder)[:MOST_LOOKED_AT] if _is_file_of_images(path)]
    named = ", ".join(f'`data "{path}"`' for path in files[:MOST_NAMED])
    return (f"name the file: {named}{' or another one' if len(files) > MOST_NAMED else ''}",) if files else ()


def _is_file_of_images(path: Path) -> bool:
    try:
        kind = _format_of_file(path)
        apart = {"idx": idx.read_header, "npy": npy.read_header}.get(kind)
        return apart is None or len(apart(path).shape) > 1
    except DataError:
        return False


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


def _read_idx(place: Path, options: DataOptions, read_options: ReadOptions) -> Collection:
    notices: tuple[str, ...] = ()
    if os.path.isdir(place):
        train, found = _idx_parts(place, read_options)
        notices = _other_sets(place)
    else:
        train, found = idx.read_part(place, _labels_of(place, options.labels, "labels"), read_options), None
    test = found
    if options.test:
        images = Path(options.test)
        test = idx.read_part(images, _labels_of(images, options.test_labels, "test_labels"), read_options)
    return _assembled(place, options, train, None, test, notices=(*notices, *_replaced(place, found, options)))


def _idx_parts(folder: Path, read_options: ReadOptions) -> tuple[Part, Part | None]:
    """Training and test part of the one set in a folder. Where there are several, MNIST's own names are meant."""
    found = idx.prefixes(folder)
    if not found:
        raise DataError("E504", f"`{folder}` holds no `{idx.TRAIN[0]}`", helps=_files_to_name(folder))
    prefix = "" if "" in found else found[0]
    stems = (f"{prefix}{idx.TRAIN[0]}", f"{prefix}{idx.TRAIN[1]}")
    if prefix and len(found) > 1:
        raise _several_sets(folder, found)
    train = _published_pair(folder, stems, read_options)
    assert train is not None  # its images are what `prefixes` has found
    return train, _published_pair(folder, idx.test_stems(folder, prefix), read_options)


def _other_sets(folder: Path) -> tuple[str, ...]:
    """A remark on the sets behind prefixes that lie beside the one of MNIST's own names, which is read."""
    read, others = idx.find(folder, idx.TRAIN[0]), [prefix for prefix in idx.prefixes(folder) if prefix]
    if read is None or not others:
        return ()
    named = [idx.find(folder, f"{prefix}{idx.TRAIN[0]}") for prefix in others[:MOST_NAMED]]
    listed = ", ".join(f"`{path.name}`" for path in named if path is not None)
    more = f" and {len(others) - MOST_NAMED} more" if len(others) > MOST_NAMED else ""
    return (f"of the IDX files in `{folder}` those of `{read.name}` are read; left alone: {listed}{more}",)


def _several_sets(folder: Path, found: tuple[str, ...]) -> DataError:
    train = [idx.find(folder, f"{prefix}{idx.TRAIN[0]}") for prefix in found[:MOST_NAMED]]
    test = idx.find(folder, idx.test_stems(folder, found[0])[0])
    more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    names = ", ".join(f"`{path.name}`" for path in train if path is not None)
    return DataError(
        "E555",
        f"`{folder}` holds {len(found)} sets of IDX files",
        notes=(f"their training images are {names}{more}",),
        helps=(f'name the images of one: `data "{train[0]}"' + (f' test="{test}"`' if test else "`"),),
    )


def _published_pair(folder: Path, stems: tuple[str, str], read_options: ReadOptions) -> Part | None:
    images, labels = (idx.find(folder, stem) for stem in stems)
    if images is None:
        return None
    return idx.read_part(images, labels or folder / stems[1], read_options)


def _labels_of(images: Path, given: str | None, option: str) -> Path:
    """The label file that is given, or the one beside the images whose name differs as MNIST's names do."""
    if given is not None:
        return Path(given)
    named = "labels".join(images.name.rsplit("images", 1))
    named = "idx1".join(named.rsplit("idx3", 1))
    for name in (named, named.removesuffix(".gz"), f"{named}.gz"):
        if name != images.name and os.path.exists(images.with_name(name)):
            return images.with_name(name)
    raise DataError("E520", f"there are no labels for `{images}`", helps=(f'name their file: `{option}="…"`',))


def _read_cifar(place: Path, options: DataOptions, read_options: ReadOptions) -> Collection:
    train, found = _cifar_parts(place, read_options)
    test = _cifar_parts(Path(options.test), read_options)[0] if options.test else found
    return _assembled(place, options, train, None, test, notices=_replaced(place, found, options))


def _cifar_parts(place: Path, read_options: ReadOptions) -> tuple[Part, Part | None]:
    if os.path.isdir(place) or is_archive(place):
        return cifar.read_batches(place, read_options=read_options)
    if require_file(place) > read_options.held_bytes and not is_packed(place):
        return cifar.map_binary(place, read_options), None
    content = whole(place, max(LARGEST_MEMBER_BYTES, read_options.held_bytes))
    if content.startswith(b"\x80"):
        return cifar.read_python(content, place), None
    return cifar.read_binary(content, place), None


def _read_npz(place: Path, options: DataOptions, read_options: ReadOptions) -> Collection:
    contents = read_npz(place, read_options)
    test = _npz_test(Path(options.test), contents, read_options) if options.test else contents.test
    notices = (*contents.notices, *_replaced(place, contents.test, options))
    return _assembled(place, options, contents.train, contents.validation, test, contents.class_names, notices)


def _replaced(place: Path, found: Part | None, options: DataOptions) -> tuple[str, ...]:
    """A notice where `test=` names another test part than the one that `place` has."""
    if found is None or not options.test or place.resolve() in Path(options.test).resolve().parents:
        return ()
    return (f"the test part in `{place}` is left alone: `{options.test}` is the test part",)


def _npz_test(path: Path, training: Contents, read_options: ReadOptions) -> Part:
    """The test part in a file of its own, by the names of the classes where both files have them."""
    found = read_npz(path, read_options)
    if found.class_names is None or training.class_names is None:
        return found.train
    check_labels(found.train.labels, len(found.class_names), path)
    return as_named(found.train, found.class_names, training.class_names, path)


def _read_folder(place: Path, options: DataOptions, read_options: ReadOptions) -> Collection:
    test = Path(options.test) if options.test else None
    return read_folder(place, test, _picture_options(options, read_options))


def _picture_options(options: DataOptions, read_options: ReadOptions) -> PictureOptions:
    return picture_options(
        read_options.shape,
        options.resize,
        read_options.strict,
        read_options.held_bytes,
        read_options.progress,
        _asked(options),
    )


def _read_npy(place: Path, options: DataOptions, read_options: ReadOptions) -> Collection:
    train = npy.read_part(place, _labels_of(place, options.labels, "labels"), read_options)
    test = None
    if options.test:
        images = Path(options.test)
        test = npy.read_part(images, _labels_of(images, options.test_labels, "test_labels"), read_options)
    return _assembled(place, options, train, None, test)


READERS: dict[str, Callable[[Path, DataOptions, ReadOptions], Collection]] = {
    "idx": _read_idx,
    "cifar": _read_cifar,
    "npz": _read_npz,
    "npy": _read_npy,
    "folder": _read_folder,
}


def _asked(options: DataOptions) -> Asked:
    return Asked(options.black, options.white)


def _assembled(
    place: Path,
    options: DataOptions,
    train: Part,
    validation: Part | None,
    test: Part | None,
    class_names: tuple[str, ...] | None = None,
    notices: tuple[str, ...] = (),
) -> Collection:
    """Parts that agree in shape and type, with names for all classes."""
    parts = [part for part in (train, validation, test) if part is not None]
    for part in parts:
        _check_alike(place, train, part)
    names = class_names or numbered_classes(*(part.labels for part in parts))
    for part in parts:
        check_labels(part.labels, len(names), place)
    numbers = train.numbers or array_numbers("uint8")
    levels = array_levels(numbers, _asked(options))
    notices, numbered = (*notices, *_level_notices(train, levels, options)), class_names is None
    return Collection(f"`{place}`", names, levels, train, validation, test, notices, numbered=numbered)


def _level_notices(train: Part, levels: Levels, options: DataOptions) -> tuple[str, ...]:
    """Of images; rows of numbers are no pictures, and bytes are not looked at."""
    if train.numbers is None or levels.kind == "bytes" or train.images.shape[2:] == (1, 1):
        return ()
    return level_notices(levels, _asked(options), train.numbers.low, train.numbers.high)


def _check_alike(place: Path, train: Part, part: Part) -> None:
    kinds = [f"{'x'.join(map(str, some.images.shape[1:]))} of {some.images.dtype}" for some in (train, part)]
    if kinds[0] != kinds[1]:
        raise DataError("E510", f"training images of `{place}` are {kinds[0]}, those of another part {kinds[1]}")

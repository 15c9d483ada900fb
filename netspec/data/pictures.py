"""A folder of pictures with a folder a class, or with `train` and `test` folders that hold those."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from netspec.data.ahead import ahead
from netspec.data.dataset import Collection, Part
from netspec.data.failures import reading
from netspec.data.levels import UNASKED, Asked, Levels, UnsettledError, in_common_units
from netspec.data.manner import HELD_BYTES, Progress, silent
from netspec.data.normalize import moments
from netspec.data.picture import MODES, Form, Picture, UnreadableError, decode
from netspec.data.survey import Sums, Survey
from netspec.data.tally import Tally
from netspec.diagnostics.failure import DataError

PARTS = {"train": "train", "training": "train", "test": "test", "testing": "test"} | dict.fromkeys(
    ("val", "valid", "validation"), "validation"
)
"""Names of folders that are parts, not classes, where all folders have such names."""
IGNORED = ("Thumbs.db", "desktop.ini")
"""Files that systems leave in folders of pictures; so are those whose name begins with a dot."""
NAMED_AT_MOST = 5


@dataclass(frozen=True, slots=True)
class Wish:
    """How pictures are to be read: channels, (height, width) or as they are, no file to be skipped, the net's size, how
    much of a part may be held in memory, who is told of the progress, and which levels the spec names."""

    channels: int
    size: tuple[int, int] | None
    strict: bool
    net_size: tuple[int, int] | None
    held_bytes: int = HELD_BYTES
    progress: Progress = silent
    asked: Asked = UNASKED

    def form(self, levels: Levels) -> Form:
        """In the units of these levels."""
        return Form(self.channels, self.size, levels, self.asked)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that could not be used."""

    path: Path
    reason: str


def wish(
    shape: tuple[int, ...] | None,
    size: tuple[int, int] | None,
    strict: bool,
    held_bytes: int = HELD_BYTES,
    progress: Progress = silent,
    asked: Asked = UNASKED,
) -> Wish:
    """For a net whose input is `shape`; in colour where there is none or it says nothing of channels."""
    wanted = shape if shape is not None and len(shape) == 3 and shape[1:] != (1, 1) else None
    channels = wanted[0] if wanted is not None and wanted[0] in MODES else 3
    net_size = (wanted[1], wanted[2]) if wanted is not None else None
    return Wish(channels, size, strict, net_size, held_bytes, progress, asked)


def read_folder(root: Path, test: Path | None, wanted: Wish) -> Collection:
    """All pictures below a folder, each decoded once now; those of a part that is too large to be held are decoded
    again whenever they are seen. Classes are in order of their names, of their values where all are numbers.

    A file that is no picture is skipped and named in `notices`, or under `strict` raises DataError (E512); so is a
    file outside the class folders. Pictures of unequal size raise DataError (E510) unless `size` is given, and those
    whose white nothing tells raise E558.
    """
    folders = _parts(root) | ({"test": test} if test is not None else {})
    names = _class_names(folders["train"])
    tally, parts, skipped = in_common_units(wanted.asked, lambda levels: _look(folders, names, wanted, levels))
    if wanted.strict and skipped:
        first = skipped[0]
        raise DataError("E512", f"`{first.path}` cannot be used: {first.reason}", notes=_others(skipped))
    return Collection(
        f"pictures in `{root}`",
        names,
        tally.levels,
        parts["train"],
        parts.get("validation"),
        parts.get("test"),
        (*_notices(skipped), *tally.notices()),
    )


def _look(
    folders: dict[str, Path], names: tuple[str, ...], wanted: Wish, levels: Levels
) -> tuple[Tally, dict[str, Part], list[Skipped]]:
    """All parts in the units of these levels. Raises WiderError where a picture needs others, DataError (E558)."""
    tally, skipped = Tally(levels, wanted.asked), list[Skipped]()
    parts = {part: _read(folder, names, wanted, skipped, tally) for part, folder in folders.items()}
    tally.check()
    return tally, parts, skipped


def _parts(root: Path) -> dict[str, Path]:
    named = {PARTS.get(folder.name.lower(), ""): folder for folder in _folders(root)}
    return named if "train" in named and "" not in named else {"train": root}


def _folders(root: Path) -> list[Path]:
    with reading(root):
        return sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))


def _class_names(folder: Path) -> tuple[str, ...]:
    names = [path.name for path in _folders(folder)]
    if not names:
        raise DataError(
            "E511",
            f"`{folder}` holds no folders, one is expected for each class",
            helps=("put the pictures of each class into a folder with its name",),
        )
    numbers = all(name.isascii() and name.isdigit() for name in names)
    return tuple(sorted(names, key=lambda name: (int(name), name)) if numbers else names)


def _read(folder: Path, names: tuple[str, ...], wanted: Wish, skipped: list[Skipped], tally: Tally) -> Part:
    """Pictures of one part; those that cannot be used are added to `skipped`, and the numbers of all to `tally`."""
    strange = [path.name for path in _folders(folder) if path.name not in names]
    if strange:
        raise DataError("E511", f"`{folder}` has a class `{strange[0]}`, the training part has none of that name")
    skipped += [Skipped(path, "it lies in no class folder") for path in _files_in(folder)]
    files = [(label, path) for label, name in enumerate(names) for path in _files_below(folder / name)]
    survey = Survey(len(files), wanted.held_bytes)
    with reading(folder):
        for number, found in enumerate(_decoded([path for _, path in files], wanted, tally.levels)):
            label, path = files[number]
            wanted.progress("reading pictures", number + 1, len(files))
            if isinstance(found, Skipped):
                skipped.append(found)
                continue
            if isinstance(found, UnsettledError):
                tally.unsettle(path, found)
                continue
            picture, sums = found
            pixels = picture.pixels
            tally.add(path, picture)
            if survey.image_shape is not None and survey.image_shape != pixels.shape:
                raise _unequal(path, pixels.shape, survey.image_shape, wanted)
            survey.add(label, path, pixels, sums)
    if not len(survey):
        tally.check()
        raise DataError("E511", f"`{folder}` holds no pictures that can be read", notes=_others(skipped))
    return survey.part(wanted.form(tally.levels), strict=wanted.strict)


def _decoded(
    paths: list[Path], wanted: Wish, levels: Levels
) -> Iterator[tuple[Picture, Sums | None] | Skipped | UnsettledError]:
    """In the order of the paths; Pillow decodes without Python's lock, so threads help. Raises WiderError."""
    form = wanted.form(levels)

    def one(path: Path) -> tuple[Picture, Sums | None] | Skipped | UnsettledError:
        try:
            picture = decode(path, form)
            return picture, moments(picture.pixels[None]) if picture.pixels.dtype == np.uint8 else None
        except UnsettledError as error:
            return error
        except UnreadableError as error:
            return Skipped(path, str(error))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield from ahead(one, paths)


def _files_in(folder: Path) -> list[Path]:
    with reading(folder):
        return sorted(path for path in folder.iterdir() if not path.is_dir() and _counts(path.name))


def _files_below(folder: Path) -> list[Path]:
    """Files of a class, folders within it included; none where a part lacks the class. Links to folders are not
    followed. Raises DataError (E502)."""

    def fail(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            with reading(Path(error.filename)):
                raise error

    walk = os.walk(folder, onerror=fail)
    return sorted(Path(place) / name for place, _, names in walk for name in names if _counts(name))


def _counts(name: str) -> bool:
    return not name.startswith(".") and name not in IGNORED


def _unequal(path: Path, found: tuple[int, ...], first: tuple[int, ...], wanted: Wish) -> DataError:
    odd, usual = (f"{shape[1]}x{shape[2]}" for shape in (found, first))
    height, width = wanted.net_size or first[1:]
    return DataError(
        "E510",
        f"`{path}` is {odd}, the pictures before it are {usual}",
        helps=(f"add `resize={height}x{width}` to the `data` line to bring all to one size",),
    )


def _others(skipped: list[Skipped]) -> tuple[str, ...]:
    if len(skipped) < 2:
        return ()
    return (f"{len(skipped):,} files cannot be used: {_listed(skipped)}",)


def _notices(skipped: list[Skipped]) -> tuple[str, ...]:
    if not skipped:
        return ()
    files = "1 file" if len(skipped) == 1 else f"{len(skipped):,} files"
    return (f"{files} skipped: {_listed(skipped)}",)


def _listed(skipped: list[Skipped]) -> str:
    named = ", ".join(f"`{one.path}` ({one.reason})" for one in skipped[:NAMED_AT_MOST])
    more = len(skipped) - NAMED_AT_MOST
    return f"{named} and {more:,} more" if more > 0 else named

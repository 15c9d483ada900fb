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
from netspec.data.layout import layout_of
from netspec.data.level_check import LevelCheck
from netspec.data.levels import UNASKED, Asked, Levels, UnsettledError, in_common_units
from netspec.data.normalize import moments
from netspec.data.picture import MODES, Form, Picture, UnreadableError, decode
from netspec.data.read_options import HELD_BYTES, Progress, silent
from netspec.data.survey import Sums, Survey
from netspec.data.system_files import files_in, folders_in, is_hidden
from netspec.diagnostics.failure import DataError

NAMED_AT_MOST = 5
OUTSIDE = "it lies in no class folder"


@dataclass(frozen=True, slots=True)
class PictureOptions:
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


def picture_options(
    shape: tuple[int, ...] | None,
    size: tuple[int, int] | None,
    strict: bool,
    held_bytes: int = HELD_BYTES,
    progress: Progress = silent,
    asked: Asked = UNASKED,
) -> PictureOptions:
    """For a net whose input is `shape`; in colour where there is none or it says nothing of channels."""
    wanted = shape if shape is not None and len(shape) == 3 and shape[1:] != (1, 1) else None
    channels = wanted[0] if wanted is not None and wanted[0] in MODES else 3
    net_size = (wanted[1], wanted[2]) if wanted is not None else None
    return PictureOptions(channels, size, strict, net_size, held_bytes, progress, asked)


def read_folder(root: Path, test: Path | None, wanted: PictureOptions) -> Collection:
    """All pictures below a folder, each decoded once now; those of a part that is too large to be held are decoded
    again whenever they are seen. Classes are in order of their names, of their values where all are numbers.

    A file that is no picture is skipped and named in `notices`, or under `strict` raises DataError (E512); so is a
    file outside the class folders. A test or validation part without class folders is left out, with a notice, unless
    it was asked for as `test`. Pictures of unequal size raise DataError (E510) unless `size` is given, and those whose
    white nothing tells raise E558.
    """
    layout = layout_of(root)
    notices = list(layout.notices)
    folders = dict(layout.parts)
    if test is not None:
        if "test" in folders and folders["test"].resolve() != test.resolve():
            notices.append(f"`{folders['test']}` is left alone: `{test}` is the test part")
        folders["test"] = test
    names = _class_names(folders["train"])
    outside: list[Skipped] = []
    for part, folder in list(folders.items()):
        if part != "train" and folder != test and not folders_in(folder):
            notices += _unlabelled(part, folder, wanted, outside)
            del folders[part]
    level_check, parts, inside = in_common_units(wanted.asked, lambda levels: _look(folders, names, wanted, levels))
    skipped = [*outside, *inside]
    if wanted.strict and skipped:
        first = skipped[0]
        raise DataError("E512", f"`{first.path}` cannot be used: {first.reason}", notes=_others(skipped))
    return Collection(
        f"pictures in `{root}`",
        names,
        level_check.levels,
        parts["train"],
        parts.get("validation"),
        parts.get("test"),
        (*notices, *_notices(skipped), *level_check.notices()),
    )


def _unlabelled(part: str, folder: Path, wanted: PictureOptions, skipped: list[Skipped]) -> tuple[str, ...]:
    """A remark on a part without class folders; under `strict` its files are `skipped`, which is an error."""
    files = files_in(folder)
    if wanted.strict:
        skipped += [Skipped(path, OUTSIDE) for path in files]
    if not files:
        return (f"`{folder}` is empty: there is no {part} part",)
    held = "1 file" if len(files) == 1 else f"{len(files):,} files"
    return (f"`{folder}` holds {held} in no class folder, hence without labels: there is no {part} part",)


def _look(
    folders: dict[str, Path], names: tuple[str, ...], wanted: PictureOptions, levels: Levels
) -> tuple[LevelCheck, dict[str, Part], list[Skipped]]:
    """All parts in the units of these levels. Raises WiderError where a picture needs others, DataError (E558)."""
    level_check, skipped = LevelCheck(levels, wanted.asked), list[Skipped]()
    parts = {part: _read(folder, names, wanted, skipped, level_check) for part, folder in folders.items()}
    level_check.require_settled()
    return level_check, parts, skipped


def _class_names(folder: Path) -> tuple[str, ...]:
    names = [path.name for path in folders_in(folder)]
    if not names:
        raise DataError(
            "E511",
            f"`{folder}` holds no folders, one is expected for each class",
            helps=("put the pictures of each class into a folder with its name",),
        )
    numbers = all(name.isascii() and name.isdigit() for name in names)
    return tuple(sorted(names, key=lambda name: (int(name), name)) if numbers else names)


def _read(
    folder: Path, names: tuple[str, ...], wanted: PictureOptions, skipped: list[Skipped], level_check: LevelCheck
) -> Part:
    """Pictures of one part; those that cannot be used are added to `skipped`, the numbers of all to `level_check`."""
    strange = [path.name for path in folders_in(folder) if path.name not in names]
    if strange:
        raise DataError("E511", f"`{folder}` has a class `{strange[0]}`, the training part has none of that name")
    skipped += [Skipped(path, OUTSIDE) for path in files_in(folder)]
    files = [(label, path) for label, name in enumerate(names) for path in _files_below(folder / name)]
    survey = Survey(len(files), wanted.held_bytes)
    with reading(folder):
        for number, found in enumerate(_decoded([path for _, path in files], wanted, level_check.levels)):
            label, path = files[number]
            wanted.progress("reading pictures", number + 1, len(files))
            if isinstance(found, Skipped):
                skipped.append(found)
                continue
            if isinstance(found, UnsettledError):
                level_check.unsettle(path, found)
                continue
            picture, sums = found
            pixels = picture.pixels
            level_check.add(path, picture)
            if survey.image_shape is not None and survey.image_shape != pixels.shape:
                raise _unequal(path, pixels.shape, survey.image_shape, wanted)
            survey.add(label, path, pixels, sums)
    if not len(survey):
        level_check.require_settled()
        helps = ("put the pictures of each class into a folder with its name",) if not folders_in(folder) else ()
        raise DataError("E511", f"`{folder}` holds no pictures that can be read", notes=_others(skipped), helps=helps)
    return survey.part(wanted.form(level_check.levels), strict=wanted.strict)


def _decoded(
    paths: list[Path], wanted: PictureOptions, levels: Levels
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


def _files_below(folder: Path) -> list[Path]:
    """Files of a class, folders within it included; none where a part lacks the class. Links to folders are not
    followed. Raises DataError (E502)."""

    def fail(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            with reading(Path(error.filename)):
                raise error

    found: list[Path] = []
    for place, folders, names in os.walk(folder, onerror=fail):
        folders[:] = [name for name in folders if not is_hidden(name)]
        found += [Path(place) / name for name in names if not is_hidden(name)]
    return sorted(found)


def _unequal(path: Path, found: tuple[int, ...], first: tuple[int, ...], wanted: PictureOptions) -> DataError:
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

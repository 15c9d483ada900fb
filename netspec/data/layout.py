"""What the folders in a folder of pictures are: parts, each with a folder a class, or the classes themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from netspec.data.system_files import files_in, folders_in
from netspec.diagnostics.failure import DataError

PARTS = {"train": "train", "training": "train", "test": "test", "testing": "test"} | dict.fromkeys(
    ("val", "valid", "validation"), "validation"
)
"""Names of folders that are parts, in any case, where one of them is the training part."""
NAMED_AT_MOST = 5


@dataclass(frozen=True, slots=True)
class Layout:
    """The folder of each part that there is, `train` always; `notices` tell what is left alone."""

    parts: Mapping[str, Path]
    notices: tuple[str, ...] = ()


def layout_of(root: Path) -> Layout:
    """The parts of a folder; without a training part in it, the folder itself is the training part.

    Raises DataError: E553 where two folders are the same part, E554 where there are parts and no training part, E502.
    """
    folders = folders_in(root)
    named = [folder for folder in folders if _part(folder)]
    if not _is_divided(folders, named):
        return Layout({"train": root}, _read_as_classes(root, folders, named))
    parts: dict[str, Path] = {}
    for folder in named:
        if _part(folder) in parts:
            raise _twice(parts[_part(folder)], folder)
        parts[_part(folder)] = folder
    return Layout(parts, _left_alone(root, parts, [folder for folder in folders if folder not in named]))


def _part(folder: Path) -> str:
    return PARTS.get(folder.name.lower(), "")


def _is_divided(folders: Sequence[Path], named: Sequence[Path]) -> bool:
    """Whether folders with the names of parts are parts. A folder `train` that holds pictures and no folders, beside
    others that are no parts, is a class."""
    training = [folder for folder in named if _part(folder) == "train"]
    if not training:
        return False
    return len(named) == len(folders) or len({_part(folder) for folder in named}) > 1 or any(map(folders_in, training))


def _twice(one: Path, other: Path) -> DataError:
    return DataError(
        "E553",
        f"`{one}` and `{other}` are both the {_in_words(_part(one))} part",
        helps=("put the pictures into one of them, and move the other folder away",),
    )


def _read_as_classes(root: Path, folders: Sequence[Path], named: Sequence[Path]) -> tuple[str, ...]:
    """Remarks on classes that look like parts. Raises DataError (E554) where they can be nothing else."""
    beside = {folder.name for folder in folders}
    notices: list[str] = []
    for folder in named:
        inside = {path.name for path in folders_in(folder)}
        if inside and (len(named) == len(folders) or inside & beside):
            raise _without_training(root, folder)
        reason = "it holds no folders" if _part(folder) == "train" else "there is no training part beside it"
        notices.append(f"`{folder}` is read as a class: {reason}")
    return tuple(notices)


def _without_training(root: Path, folder: Path) -> DataError:
    return DataError(
        "E554",
        f"`{folder}` is the {_in_words(_part(folder))} part by its name, but `{root}` has no folder `train`",
        helps=(f"put the folders of the classes to train on into `{root / 'train'}`", "rename it where it is a class"),
    )


def _left_alone(root: Path, parts: Mapping[str, Path], others: Sequence[Path]) -> tuple[str, ...]:
    beside = [*others, *files_in(root)]
    if not beside:
        return ()
    listed = ", ".join(f"`{path.name}`" for path in beside[:NAMED_AT_MOST])
    more = f" and {len(beside) - NAMED_AT_MOST:,} more" if len(beside) > NAMED_AT_MOST else ""
    known = ", ".join(f"`{folder.name}`" for folder in parts.values())
    return (f"`{root}` is read by its parts, {known}; left alone: {listed}{more}",)


def _in_words(part: str) -> str:
    return "training" if part == "train" else part

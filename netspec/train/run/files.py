"""Atomic replacement of files: after a crash, a kill or a full disk, there is the old file or the new one."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable
from pathlib import Path

from netspec.diagnostics.failure import DataError


def write_whole(path: Path, content: bytes) -> None:
    """Writes another file in the folder, syncs and renames it. Raises DataError (E540) where the disk is full or the
    folder is not writable."""
    if not path.name:
        raise cannot_write(path, OSError(errno.EISDIR, os.strerror(errno.EISDIR)))
    beside = _beside(path)
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise cannot_write(path, error) from None
    finally:
        with contextlib.suppress(OSError):
            beside.unlink()


def check_can_write(path: Path) -> None:
    """Checks before long work that its result can be written. Raises DataError (E540)."""
    beside = _beside(path)
    try:
        beside.touch()
        beside.unlink()
    except OSError as error:
        raise cannot_write(path, error) from None


def check_can_make(folder: Path) -> None:
    """Checks before long work that files can be written into a folder that may have to be made. Raises DataError
    (E540)."""
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not there.is_dir():
        raise cannot_write(folder, NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)))
    check_can_write(there / "picture.png")


def append_line(path: Path, line: str) -> None:
    """Appends a line by one write, so that a reader sees all of it or nothing. Raises DataError (E540)."""
    try:
        with path.open("ab", buffering=0) as file:
            end, content = file.tell(), f"{line}\n".encode()
            if file.write(content) != len(content):
                file.truncate(end)
                raise OSError(errno.ENOSPC, "no space left on device")
    except OSError as error:
        raise cannot_write(path, error) from None


def sync(path: Path) -> None:
    """Syncs a file to disk, if it exists. Raises DataError (E540)."""
    if not path.exists():
        return
    try:
        with path.open("ab") as file:
            os.fsync(file.fileno())
    except OSError as error:
        raise cannot_write(path, error) from None


def make_folder(path: Path) -> None:
    """Creates a folder and its parents. Raises DataError (E540)."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from None


def remove(paths: Iterable[Path]) -> None:
    """Removes the files that exist. Raises DataError (E540)."""
    for path in list(paths):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise cannot_write(path, error) from None


def cannot_write(path: Path, error: OSError) -> DataError:
    """The error (E540) of a write that the system refused."""
    why = (error.strerror or str(error)).lower()
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    helps = ("free some space, or choose another folder" if full else "choose another folder",)
    return DataError("E540", f"cannot write `{path}`: {why}", notes=("nothing is left half-written",), helps=helps)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def _sync_folder(folder: Path) -> None:
    """Syncs a rename to disk; not needed on systems that cannot open a folder."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

"""What keeps the folder of compiled code small, and what `netspec cache` tells of it.

The folder holds a folder a version. Whatever is read or written is marked as used by its time of modification, at most
once a day; what was used longest ago goes first. Other processes may read and write meanwhile: a file that is gone
when they look for it is compiled anew, and one that is open stays readable.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MOST_VERSIONS = 8
MOST_BYTES = 256 << 20
"""Of all versions together. A net's kernels take about a quarter of a MiB."""
DAY_SECONDS = 86_400.0
PART_SECONDS = 3_600.0
"""A half-written file so old belongs to a process that was killed."""


@dataclass(frozen=True, slots=True)
class CachedVersion:
    """The compiled functions of one version, and when one was last used, in seconds since 1970."""

    folder: Path
    files: int
    size_bytes: int
    used: float


def cached_versions(root: Path) -> tuple[CachedVersion, ...]:
    """All versions in a folder, the last used one first."""
    versions = (_measured(folder) for folder in _listed(root) if folder.is_dir())
    return tuple(sorted(versions, key=lambda version: version.used, reverse=True))


def clear(root: Path) -> None:
    """Removes all versions. Raises OSError where one may not be removed."""
    for version in cached_versions(root):
        shutil.rmtree(version.folder)


def mark_used(path: Path) -> None:
    """Moves a file or folder to the end of the queue of those that go."""
    with suppress(OSError):
        if time.time() - path.stat().st_mtime > DAY_SECONDS:
            path.touch()


def keep_within_limits(current: Path) -> None:
    """Removes versions beside the current one that are too many, what killed processes left, and then the files used
    longest ago until the rest is small enough."""
    others = [version.folder for version in cached_versions(current.parent) if version.folder != current]
    for folder in others[MOST_VERSIONS - 1 :]:
        shutil.rmtree(folder, ignore_errors=True)
    _remove_parts(current)
    _remove_oldest(current.parent)


def _remove_parts(folder: Path) -> None:
    for path, _, modified in _files(folder):
        if path.suffix == ".part" and time.time() - modified > PART_SECONDS:
            _remove(path)


def _remove_oldest(root: Path) -> None:
    files = [file for folder in _listed(root) for file in _files(folder)]
    excess_bytes = sum(size_bytes for _, size_bytes, _ in files) - MOST_BYTES
    for path, size_bytes, _ in sorted(files, key=lambda file: file[2]):
        if excess_bytes <= 0:
            return
        _remove(path)
        excess_bytes -= size_bytes


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _measured(folder: Path) -> CachedVersion:
    files = list(_files(folder))
    times = (modified for _, _, modified in files)
    return CachedVersion(folder, len(files), sum(size for _, size, _ in files), max(times, default=0.0))


def _files(folder: Path) -> Iterator[tuple[Path, int, float]]:
    """Path, bytes and time of modification of each file that is still there."""
    for path in _listed(folder):
        with suppress(OSError):
            facts = path.stat()
            yield path, facts.st_size, facts.st_mtime


def _listed(folder: Path) -> list[Path]:
    """What is in a folder; nothing where it cannot be read."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []

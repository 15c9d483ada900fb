"""Limits of the folder of compiled code, and the measurements that `netspec cache` shows.

It contains one folder per version. The time of modification of a file or folder records its last use, at most once a
day; least recently used ones are removed first. Other processes may read and write meanwhile: a removed file is
compiled again, and an open one stays readable.
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
"""all versions together; the kernels of one net take about a quarter of a MiB"""
DAY_SECONDS = 86_400.0
PART_SECONDS = 3_600.0
"""age from which a partly written file belongs to a killed process"""


@dataclass(frozen=True, slots=True)
class CachedVersion:
    """The compiled functions of one version; `used` is the time of the last use, in seconds since 1970."""

    folder: Path
    files: int
    size_bytes: int
    used: float


def cached_versions(root: Path) -> tuple[CachedVersion, ...]:
    """All versions in a folder, most recently used first."""
    versions = (_measured(folder) for folder in _listed(root) if folder.is_dir())
    return tuple(sorted(versions, key=lambda version: version.used, reverse=True))


def clear(root: Path) -> None:
    """Removes all versions. Raises OSError where one cannot be removed."""
    for version in cached_versions(root):
        shutil.rmtree(version.folder)


def mark_used(path: Path) -> None:
    """Records the use of a file or folder in its time of modification."""
    with suppress(OSError):
        if time.time() - path.stat().st_mtime > DAY_SECONDS:
            path.touch()


def keep_within_limits(current: Path) -> None:
    """Removes the least recently used versions beyond `MOST_VERSIONS`, the current one excepted; then files left by
    killed processes; then the least recently used files until at most `MOST_BYTES` are left."""
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
    """(path, bytes, time of modification) of each file that still exists."""
    for path in _listed(folder):
        with suppress(OSError):
            facts = path.stat()
            yield path, facts.st_size, facts.st_mtime


def _listed(folder: Path) -> list[Path]:
    """The entries of a folder; none where it cannot be read."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []

"""Machine code of kernels on disk: one file per kernel and tile, in a folder named by a hash of all that decides it.

Nothing is unpickled. A file is written under another name and renamed: several processes may compile at once, and a
killed process leaves no file that is read. A file with a wrong checksum counts as missing. Without a folder, or where
it is not writable, everything is compiled again. `cache_limits.py` keeps the folder small.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from netspec.runtime.cache_limits import keep_within_limits, mark_used

DIGEST_BYTES = 32


class CacheWarning(UserWarning):
    """Compiled code cannot be stored. Results are the same; the next process compiles again."""


@dataclass(frozen=True, slots=True)
class Code:
    """A compiled function: its symbol, and the object file that defines it."""

    symbol: str
    object_file: bytes


def user_cache() -> Path:
    """The user's cache folder."""
    return platformdirs.user_cache_path("netspec", appauthor=False)


def version_key(sources: Mapping[str, Path], *facts: str) -> str:
    """Name of the folder: a hash of names and contents of all sources, and of facts such as versions and the
    processor."""
    digest = hashlib.sha256()
    for name in sorted(sources):
        digest.update(name.encode() + b"\0" + sources[name].read_bytes() + b"\0")
    for fact in facts:
        digest.update(fact.encode() + b"\0")
    return digest.hexdigest()[:20]


class CodeCache:
    """The code of one version in `folder`, which the first `store` creates; None stores nothing."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._in_order = False

    def load(self, name: str) -> Code | None:
        """The code stored under `name`; None where it is missing or damaged."""
        if self._folder is None:
            return None
        path = self._folder / f"{name}.o"
        try:
            content = path.read_bytes()
        except OSError:
            return None
        digest, rest = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
        if hashlib.sha256(rest).digest() != digest:
            return None
        mark_used(path)
        symbol, _, object_file = rest.partition(b"\n")
        return Code(symbol.decode(), object_file)

    def store(self, name: str, code: Code) -> None:
        """Stores the code. Where that fails, a CacheWarning gives the reason, once per process and folder."""
        if self._folder is None:
            return
        rest = code.symbol.encode() + b"\n" + code.object_file
        try:
            self._put(self._folder, name, hashlib.sha256(rest).digest() + rest)
        except OSError as error:
            _warn(self._folder, error)

    def _put(self, folder: Path, name: str, content: bytes, *, again: bool = True) -> None:
        """Writes the file. Tries again once: another process may just have removed the folder, still empty."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not self._in_order:
                self._in_order = True
                mark_used(folder)
                keep_within_limits(folder)
            _replace(folder / f"{name}.o", content)
        except (FileNotFoundError, FileExistsError):
            if not again:
                raise
            self._put(folder, name, content, again=False)


_COMPLAINED: set[Path] = set()
"""Folders that this process has already warned about."""


def _warn(folder: Path, error: OSError) -> None:
    if folder in _COMPLAINED:
        return
    _COMPLAINED.add(folder)
    why = (error.strerror or type(error).__name__).lower()
    warnings.warn(f"compiled kernels cannot be kept in `{folder.parent}`: {why}", CacheWarning, stacklevel=1)


def _replace(path: Path, content: bytes) -> None:
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(beside).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(beside).unlink()
        raise

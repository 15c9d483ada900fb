"""Machine code of kernels on disk: one file a kernel and tile, in a folder keyed by everything that decides the code.

Nothing is unpickled. Files are written beside and renamed, so several processes may compile at once; a file whose
checksum is wrong counts as missing. Without a folder, or where it cannot be written, everything is compiled anew.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

DIGEST_BYTES = 32
KEPT_VERSIONS = 8
"""Folders of other versions that stay beside the one in use, the most recent ones."""


@dataclass(frozen=True, slots=True)
class Code:
    """A compiled function: the name of its symbol, and the object file that holds it."""

    symbol: str
    object_file: bytes


def version_key(sources: Iterable[Path], *facts: str) -> str:
    """The name of the folder: a hash of the texts of all sources and of facts such as versions and the processor."""
    digest = hashlib.sha256()
    for path in sorted(sources):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    for fact in facts:
        digest.update(fact.encode() + b"\0")
    return digest.hexdigest()[:20]


class CodeCache:
    """The code of one version in `folder` (made when something is first stored); None keeps nothing."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def load(self, name: str) -> Code | None:
        """The code stored under `name`, None where there is none that is whole."""
        if self._folder is None:
            return None
        try:
            content = (self._folder / f"{name}.o").read_bytes()
        except OSError:
            return None
        digest, rest = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
        if hashlib.sha256(rest).digest() != digest:
            return None
        symbol, _, object_file = rest.partition(b"\n")
        return Code(symbol.decode(), object_file)

    def store(self, name: str, code: Code) -> None:
        """Keeps the code; a folder that cannot be written is left alone."""
        if self._folder is None:
            return
        rest = code.symbol.encode() + b"\n" + code.object_file
        try:
            if not self._folder.is_dir():
                self._folder.mkdir(parents=True, exist_ok=True)
                _forget_old_versions(self._folder)
            _replace(self._folder / f"{name}.o", hashlib.sha256(rest).digest() + rest)
        except OSError:
            return


def _forget_old_versions(folder: Path) -> None:
    """Removes the oldest folders beside `folder` where there are too many."""
    others = [(path.stat().st_mtime, path) for path in folder.parent.iterdir() if path.is_dir() and path != folder]
    for _, path in sorted(others, reverse=True)[KEPT_VERSIONS:]:
        shutil.rmtree(path, ignore_errors=True)


def _replace(path: Path, content: bytes) -> None:
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise

"""Bytes of files that may be compressed with gzip, read without trusting what they say of their size."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import IO, cast

from netspec.data.failures import damaged, reading, require_file

GZIP_MAGIC = b"\x1f\x8b"
INFLATION = 1032
"""Deflate makes at most so many bytes of one."""


def is_packed(path: Path) -> bool:
    """Whether the file begins like gzip, whatever its name."""
    require_file(path)
    with reading(path), path.open("rb") as file:
        return file.read(2) == GZIP_MAGIC


def open_unpacked(path: Path) -> IO[bytes]:
    """The unpacked bytes as a stream. Reading may raise what `failures.reading` turns into data errors."""
    return cast("IO[bytes]", gzip.open(path, "rb")) if is_packed(path) else path.open("rb")


def largest_content_bytes(path: Path) -> int:
    """No content of this file can be longer, whatever its header says."""
    return require_file(path) * (INFLATION if is_packed(path) else 1)


def head(path: Path, size_bytes: int) -> bytes:
    """The first bytes of the unpacked content, fewer where it is shorter."""
    with reading(path), open_unpacked(path) as stream:
        return stream.read(size_bytes)


def content(path: Path, size_bytes: int) -> bytes:
    """The unpacked content, which must be of exactly this size; checked before memory is taken."""
    if size_bytes <= largest_content_bytes(path):
        with reading(path), open_unpacked(path) as stream:
            found = stream.read(size_bytes + 1)
        if len(found) == size_bytes:
            return found
        if len(found) > size_bytes:
            raise damaged(path, f"it goes on after the {size_bytes:,} bytes that its header announces")
        raise damaged(path, f"{size_bytes:,} bytes are announced, {len(found):,} are there")
    raise damaged(path, f"its header announces {size_bytes:,} bytes, more than it can hold")


def whole(path: Path, most_bytes: int) -> bytes:
    """The unpacked content of a file whose size is not known, if it is no longer than this."""
    require_file(path)
    with reading(path), open_unpacked(path) as stream:
        found = stream.read(most_bytes + 1)
    if len(found) > most_bytes:
        raise damaged(path, f"it unpacks to more than {most_bytes:,} bytes")
    return found

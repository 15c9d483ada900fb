"""Files by name out of a folder or a tar archive, which is read in place and never unpacked to disk."""

from __future__ import annotations

import os.path
import tarfile
from collections.abc import Collection as Names
from pathlib import Path

from netspec.data.failures import damaged, reading, require_file
from netspec.data.packed import open_unpacked
from netspec.data.system_files import is_hidden
from netspec.diagnostics.failure import DataError

LARGEST_MEMBER_BYTES = 1 << 28
"""CIFAR-100's training batch, the largest there is, holds 154 MB."""
BLOCK_BYTES = 1 << 20
ARCHIVE_ENDINGS = (".tar", ".tar.gz", ".tgz")


def is_archive(path: Path) -> bool:
    """Whether the name is that of a tar archive."""
    return path.name.endswith(ARCHIVE_ENDINGS)


def read_members(place: Path, names: Names[str]) -> dict[str, bytes]:
    """The contents of those of the files that are there, by their bare names."""
    return _from_archive(place, names) if is_archive(place) else _from_folder(place, names)


def _from_folder(folder: Path, names: Names[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for name in sorted(names):
        path = folder / name
        if os.path.exists(path):
            _check_size(require_file(path), path)
            with reading(path):
                found[name] = path.read_bytes()
    return found


def _from_archive(archive: Path, names: Names[str]) -> dict[str, bytes]:
    require_file(archive)
    found: dict[str, bytes] = {}
    try:
        with (
            reading(archive),
            open_unpacked(archive) as stream,
            tarfile.open(fileobj=stream, mode="r|", bufsize=BLOCK_BYTES) as members,
        ):
            for member in members:
                *above, name = Path(member.name).parts or ("",)
                if member.isfile() and name in names and not any(map(is_hidden, above)):
                    _check_size(member.size, archive)
                    found[name] = _content(members, member)
    except (tarfile.TarError, ValueError) as error:
        raise damaged(archive, f"it is not a whole tar archive ({error})") from None
    return found


def _content(members: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = members.extractfile(member)
    content = file.read() if file is not None else b""
    if len(content) != member.size:
        raise EOFError
    return content


def _check_size(size_bytes: int, origin: Path) -> None:
    if size_bytes > LARGEST_MEMBER_BYTES:
        raise DataError("E503", f"a batch in `{origin}` says it holds {size_bytes:,} bytes, too many for CIFAR")

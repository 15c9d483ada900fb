"""Downloads a published data set: from several mirrors, checked by its content, resumed, never half there."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import zlib
from collections.abc import Callable
from enum import Enum, auto
from pathlib import Path

from netspec.data.download import CannotWriteError, transfer
from netspec.data.packed import GZIP_MAGIC
from netspec.data.published import File, Published
from netspec.diagnostics.failure import DataError

MOST_TRIES = 50
"""Of one file from one mirror, each of which brought something."""
BLOCK_BYTES = 1 << 20
SLACK = 8
"""A mirror may send the unpacked content instead, which is at most so many times as long."""

Progress = Callable[[str, int, int | None], None]
"""Told the name of a file, the bytes that have arrived, and how many there will be."""


class Verdict(Enum):
    """What a file is, next to what is published."""

    GOOD = auto()
    SHORT = auto()
    WRONG = auto()


def fetch(published: Published, folder: Path, progress: Progress, *, timeout_seconds: float = 30.0) -> tuple[str, ...]:
    """Brings the files that are missing in `folder`; returns the names of those that were downloaded.

    A server that is silent for `timeout_seconds` is given up for the next mirror.

    A file appears under its name when it is whole and its checksum is right. What arrived of one that is not stays
    beside it as `NAME.part`, and the next call goes on from there; so it does after Ctrl-C, which is let through.
    Raises DataError: E521 where no mirror helps, E522 where the folder cannot be written, E523 where a file of that
    name is there and is another.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, (error.strerror or str(error)).lower()) from None
    wanted = [file for file in published.files if not _is_there(folder / file.name, file)]
    for file in wanted:
        _bring(published, file, folder, progress, timeout_seconds)
    return tuple(file.name for file in wanted)


def _is_there(path: Path, file: File) -> bool:
    if not os.path.lexists(path):
        return False
    if path.is_file() and verify(path, file) is Verdict.GOOD:
        return True
    raise DataError(
        "E523",
        f"`{path}` is there, but it is not the published file",
        notes=(f"the md5 of its {'content' if file.unpack else 'bytes'} should be {file.md5}",),
        helps=("remove it to download it anew",),
    )


def _bring(published: Published, file: File, folder: Path, progress: Progress, timeout_seconds: float) -> None:
    reasons: list[str] = []
    try:
        for mirror in published.mirrors:
            reason = _from_mirror(mirror + file.name, file, folder, progress, timeout_seconds)
            if reason is None:
                return
            reasons.append(f"{mirror}: {reason}")
    except (CannotWriteError, OSError) as error:
        raise _unwritable(folder, str(error)) from None
    finally:
        _drop_empty(folder / f"{file.name}.part")
    raise _failed(published, file, folder, reasons)


def _drop_empty(part: Path) -> None:
    """Leaves no partial file in which nothing has arrived."""
    with contextlib.suppress(OSError):
        if part.stat().st_size == 0:
            part.unlink()


def _from_mirror(url: str, file: File, folder: Path, progress: Progress, timeout_seconds: float) -> str | None:
    """None if the file is there now, else why not. Goes on as long as every try brings more."""
    part = folder / f"{file.name}.part"
    for _ in range(MOST_TRIES):
        before = part.stat().st_size if part.exists() else 0
        done = transfer(
            url,
            part,
            SLACK * file.size_bytes + BLOCK_BYTES,
            timeout_seconds,
            lambda received, total: progress(file.name, received, total),
        )
        match _verdict(part, file, cut_off=done.reason is not None and done.status != 416):
            case Verdict.GOOD:
                _keep(part, folder / file.name)
                return None
            case Verdict.WRONG:
                part.unlink()
                if not before:
                    return done.reason or "what it sends is not the published file"
            case Verdict.SHORT:
                if part.stat().st_size <= before:
                    return done.reason or "it sends only a part of the file"
    return "the connection was cut off again and again"


def _verdict(part: Path, file: File, *, cut_off: bool) -> Verdict:
    """Bytes that are wrong so far may become right if they are a beginning."""
    verdict = verify(part, file)
    return Verdict.SHORT if verdict is Verdict.WRONG and cut_off else verdict


def verify(path: Path, file: File) -> Verdict:
    """Compares a file with what is published. A beginning of a compressed file is short, not wrong."""
    size_bytes = path.stat().st_size
    if size_bytes == 0 or (not file.unpack and size_bytes < file.size_bytes):
        return Verdict.SHORT
    try:
        return Verdict.GOOD if _digest(path, unpack=file.unpack) == file.md5 else Verdict.WRONG
    except EOFError:
        return Verdict.SHORT
    except (OSError, zlib.error):
        return Verdict.WRONG


def _digest(path: Path, *, unpack: bool) -> str:
    """The md5 of a file, of its content if it is compressed and `unpack`."""
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as plain:
        packed = unpack and plain.read(2) == GZIP_MAGIC
        plain.seek(0)
        stream = gzip.GzipFile(fileobj=plain) if packed else plain
        while block := stream.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _keep(part: Path, target: Path) -> None:
    """Gives a checked file its name, once it is on the disk."""
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.replace(target)


def _unwritable(folder: Path, reason: str) -> DataError:
    return DataError(
        "E522", f"cannot write into `{folder}`: {reason}", helps=("name another folder with `--data-dir`",)
    )


def _failed(published: Published, file: File, folder: Path, reasons: list[str]) -> DataError:
    part = folder / f"{file.name}.part"
    kept = part.stat().st_size if part.exists() else 0
    resume = (f"{kept:,} bytes have arrived and are kept; the same command goes on from there",) if kept else ()
    names = ", ".join(f"`{one.name}`" for one in published.files)
    return DataError(
        "E521",
        f"`{file.name}` of `{published.name}` could not be downloaded",
        notes=(*reasons, *resume),
        helps=(
            f"without a network, put {names} into `{folder}`, or into `{published.folders[0]}` of another folder "
            "that `--data-dir` or `NETSPEC_DATA` names",
        ),
    )

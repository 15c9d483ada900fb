"""Errors of data that several readers raise, worded once."""

from __future__ import annotations

import gzip
import os
import stat
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from netspec.diagnostics.failure import DataError
from netspec.diagnostics.text import Span


def damaged(path: Path | str, reason: str) -> DataError:
    """A file that is not what it should be: cut off, or with bytes changed."""
    return DataError("E503", f"`{path}` is damaged: {reason}", helps=("copy or download it again",))


@contextmanager
def reading(path: Path) -> Generator[None]:
    """Turns what the operating system and the decompressors raise into data errors that name the file."""
    try:
        yield
    except FileNotFoundError:
        raise DataError("E502", f"there is no file `{path}`") from None
    except PermissionError:
        raise DataError("E502", f"`{path}` may not be read", helps=("look at its permissions",)) from None
    except EOFError:
        raise damaged(path, "the compressed data end too early") from None
    except (zlib.error, gzip.BadGzipFile) as error:
        raise damaged(path, f"it cannot be unpacked ({error})") from None
    except MemoryError:
        raise DataError("E502", f"`{path}` needs more memory than there is") from None
    except OSError as error:
        raise DataError("E502", f"`{path}` cannot be read: {(error.strerror or str(error)).lower()}") from None


def require_file(path: Path) -> int:
    """The size in bytes of an ordinary file; raises for a missing one, a folder, a pipe, a device, an empty one."""
    with reading(path):
        try:
            found = os.stat(path)
        except ValueError:  # a name that no file can have
            raise FileNotFoundError from None
    if stat.S_ISDIR(found.st_mode):
        raise DataError("E502", f"`{path}` is a folder, a file is expected here")
    if not stat.S_ISREG(found.st_mode):
        raise DataError("E502", f"`{path}` is not an ordinary file")
    if found.st_size == 0:
        raise DataError("E502", f"`{path}` is empty")
    return found.st_size


def located(error: DataError, span: Span | None) -> DataError:
    """The error with the place in the spec that asked for the data."""
    if span is None:
        return error
    place = f"asked for at {span.source.name}:{span.line}:{span.column}: `{span.text.splitlines()[0].strip()}`"
    return DataError(error.code, error.message, notes=(*error.notes, place), helps=error.helps)

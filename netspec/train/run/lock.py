"""Lock of a run folder: one process at a time trains into it."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Generator
from pathlib import Path
from time import sleep
from typing import TypeVar

from netspec.diagnostics.failure import UsageError
from netspec.train.run.files import cannot_write

Item = TypeVar("Item")
NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS)


TRIES, TRY_SECONDS = 5, 0.02
"""`locked` holds the lock of a folder for a moment: a training that begins then tries again."""


def locked(folder: Path) -> bool:
    """Whether a training holds the lock of the folder; also where that cannot be found out."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: two processes that ask do not refuse each other
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def _lock(handle: int) -> None:
    """Raises BlockingIOError where another process holds it, OSError where there are no locks."""
    for _ in range(TRIES - 1):
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sleep(TRY_SECONDS)
    return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


class RunLock:
    """A lock on the folder itself: no lock file is left in it. The system releases it when the process dies. On file
    systems without locks every process gets it."""

    def __init__(self, folder: Path) -> None:
        """Raises UsageError (E481) where another training holds the lock, DataError (E540) where the folder is
        missing."""
        self._handle: int | None = None
        try:
            self._handle = os.open(folder, os.O_RDONLY)
            _lock(self._handle)
        except BlockingIOError:
            self.close()
            helps = ("wait for it or stop it, then go on with `--resume`",)
            raise UsageError("E481", f"`{folder}` is being trained right now", helps=helps) from None
        except OSError as error:
            if error.errno not in NO_LOCKS:
                self.close()
                raise cannot_write(folder, error) from None

    def close(self) -> None:
        """Releases the lock."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)

    def __del__(self) -> None:
        self.close()

    def during(self, items: Generator[Item, None, None]) -> Generator[Item, None, None]:
        """The items; the lock is released after the last one, or when the generator is closed."""
        try:
            yield from items
        finally:
            self.close()

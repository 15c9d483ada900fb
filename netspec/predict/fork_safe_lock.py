"""A lock that is re-created in a forked child: no thread of the child holds it."""

from __future__ import annotations

import os
from threading import Lock
from weakref import WeakSet


class ForkSafeLock:
    """`with fork_safe.lock:` lets one thread in at a time."""

    def __init__(self) -> None:
        self.lock = Lock()
        _ALL.add(self)


_ALL: WeakSet[ForkSafeLock] = WeakSet()


def _renew() -> None:
    for each in _ALL:
        each.lock = Lock()


if hasattr(os, "register_at_fork"):  # not where nothing forks
    os.register_at_fork(after_in_child=_renew)

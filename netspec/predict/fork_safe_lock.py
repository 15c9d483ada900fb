"""Turns that several threads take, and that a forked child begins anew: whoever had one in the parent is not in it."""

from __future__ import annotations

import os
from threading import Lock
from weakref import WeakSet


class Turns:
    """`with turns.lock:` lets one thread in at a time."""

    def __init__(self) -> None:
        self.lock = Lock()
        _ALL.add(self)


_ALL: WeakSet[Turns] = WeakSet()


def _begin_anew() -> None:
    for turns in _ALL:
        turns.lock = Lock()


if hasattr(os, "register_at_fork"):  # not where nothing forks
    os.register_at_fork(after_in_child=_begin_anew)

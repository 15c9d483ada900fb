"""Ctrl-C and SIGTERM while a net trains: the first asks to stop between two steps, a second one stops at once."""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType


class Terminated(KeyboardInterrupt):
    """SIGTERM came. Whoever tidies up after Ctrl-C does so for this too; only the exit status differs."""


class Stop:
    """Until `patient` is set, a signal stops at once: there is nothing to lose yet."""

    def __init__(self) -> None:
        self.patient = False
        self._asked: type[KeyboardInterrupt] | None = None

    @contextmanager
    def listening(self) -> Generator[None]:
        """Hears the signals while this is open, but for one that the process was told to ignore."""
        numbers = [n for n in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(n) is not signal.SIG_IGN]
        before = {number: signal.signal(number, self._hear) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def check(self) -> None:
        """Raises what was asked for: KeyboardInterrupt, or Terminated."""
        if self._asked:
            raise self._asked

    def _hear(self, number: int, frame: FrameType | None) -> None:
        ending = Terminated if number == signal.SIGTERM else KeyboardInterrupt
        if self._asked or not self.patient:
            raise ending
        self._asked = ending

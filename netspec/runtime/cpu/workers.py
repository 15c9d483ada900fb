"""The team of threads: workers that sleep in native code between jobs, and the caller as their leader."""

from __future__ import annotations

import ctypes
import os
import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspec.diagnostics.failure import DeviceError
from netspec.runtime.cache import CodeCache
from netspec.runtime.cpu import driver
from netspec.runtime.cpu.native import driver_address
from netspec.runtime.cpu.processors import usable_cores
from netspec.runtime.cpu.team import SPINS

ENTRY = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
"""Type of the driver's function; ctypes releases the GIL while it runs."""
COUNTERS = [driver.STOP, driver.JOB, driver.JOB + 1, driver.ARRIVED, driver.GENERATION, driver.GENERATION + 1]


class Team:
    """`threads` threads, the caller included; one caller at a time.

    Workers start with the first job, and again in a forked child, which inherits none. They end with the team or the
    interpreter. A job runs to its end in native code, so Ctrl-C and other exceptions are raised before or after it and
    never leave half a step. `control` is the driver's control block, in which the caller describes the job. With a
    `clock` (seconds), `native_seconds` sums the caller's time in native code.
    """

    def __init__(self, threads: int, cache: CodeCache) -> None:
        self.control: NDArray[Any] = np.zeros(driver.CONTROL_WORDS, np.int64)
        self.control[driver.THREADS] = threads
        self.control[driver.SPINS] = SPINS if threads <= usable_cores() else 0
        self._threads = threads
        self._entry = ENTRY(driver_address(cache))
        self.clock: Callable[[], float] | None = None
        self.native_seconds = 0.0
        self._begin = _entering(self._entry, self.control, driver.LEADER)
        self._process: int | None = None
        self._dismissal: Any = None

    def run(self) -> None:
        """Runs the job in `control` on all threads. Raises DeviceError (E591) where workers cannot be started."""
        if self._process != os.getpid() or not self._dismissal.alive:
            self._start_workers()
        if self.clock is None:
            self._begin()
            return
        begin = self.clock()
        self._begin()
        self.native_seconds += self.clock() - begin

    def _start_workers(self) -> None:
        """Starts workers with a new control block: older workers may still read the old one."""
        control = self.control = self.control.copy()
        control[COUNTERS] = 0
        self._begin = _entering(self._entry, control, driver.LEADER)
        self._dismissal = weakref.finalize(self, _entering(self._entry, control, driver.DISMISSAL))
        try:
            for thread in range(1, self._threads):
                _start(self._entry, control, thread)
        except RuntimeError as error:
            self._dismissal()
            raise DeviceError(
                "E591",
                f"this machine does not give netspec {self._threads} threads: {error}",
                helps=("fewer threads give the same numbers: `--threads 1`",),
            ) from None
        self._process = os.getpid()


def _start(entry: Any, control: NDArray[Any], thread: int) -> None:
    threading.Thread(target=_entering(entry, control, thread), name=f"netspec-{thread}", daemon=True).start()


def _entering(entry: Any, control: NDArray[Any], thread: int) -> Callable[[], None]:
    """A call of the driver's function, its arguments made once."""
    result = ctypes.c_void_p()
    where, address = ctypes.addressof(result), control.ctypes.data

    def enter(_alive: object = (result, control)) -> None:
        entry(where, None, address, thread)

    return enter

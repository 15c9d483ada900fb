"""Where programs run: a processor, a number of threads, and a folder for compiled kernels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import platformdirs

from netspec.runtime.cpu.compilation import check_compiler
from netspec.runtime.cpu.host import host_target
from netspec.runtime.cpu.machine import Machine
from netspec.runtime.cpu.processors import usable_cores
from netspec.targets.cpu.costs import SHIPPED, Costs
from netspec.targets.cpu.program import Program
from netspec.targets.target import Target


@dataclass(frozen=True, slots=True)
class Device:
    """`threads` changes how fast something is and never a bit of it; `cache_dir` None compiles everything anew."""

    target: Target
    threads: int = 1
    cache_dir: Path | None = None

    def machine(self, program: Program) -> Machine:
        """The program, compiled and in memory. Raises DeviceError (E590) where memory does not suffice."""
        return Machine(program, self.threads, cache_dir=self.cache_dir)


def reader_threads(device: Device) -> int:
    """How many threads read and decode images ahead while the device computes."""
    return max(2, device.threads)


def host_device(threads: int | None = None, *, exact: bool = False, costs: Costs = SHIPPED) -> Device:
    """This machine, on as many threads as this process may use cores unless told otherwise; kernels in
    the user's cache.

    With `exact` programs are planned without Winograd's convolution; `costs` are what algorithms are chosen by.
    Raises DeviceError (E592, E593, E595, E596) where Numba's settings do not go with netspec.
    """
    check_compiler()
    return Device(replace(host_target(), exact=exact, costs=costs), threads or usable_cores(), user_cache())


def user_cache() -> Path:
    """The user's folder of compiled kernels."""
    return platformdirs.user_cache_path("netspec", appauthor=False)

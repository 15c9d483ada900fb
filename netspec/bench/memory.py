"""What a process holds of the machine's memory, and how often the machine took the processor from it."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

STATUS, FORGET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def take_peak_resident_bytes() -> int:
    """The most memory resident at once since the last call; since the start where the system cannot forget a peak."""
    peak_bytes = _linux_peak_bytes()
    return peak_bytes if peak_bytes is not None else _peak_of_life_bytes()


def _linux_peak_bytes() -> int | None:
    """The high-water mark of this address space. `ru_maxrss` will not do: it begins at that of the parent."""
    try:
        lines = STATUS.read_text().splitlines()
        peak_kib = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
        FORGET.write_text("5")
    except (OSError, StopIteration):
        return None
    return 1024 * peak_kib


def anonymous_bytes() -> int:
    """Memory of this process that no file stands behind, resident now: `RssAnon`. 0 where the system does not tell."""
    try:
        lines = STATUS.read_text().splitlines()
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("RssAnon:")), 0)


def _peak_of_life_bytes() -> int:
    unit_bytes = 1 if sys.platform == "darwin" else 1024
    return unit_bytes * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def involuntary_switches() -> int:
    """How often this process has lost a processor that it could have used."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw

"""Number of cores that this process may use, by its affinity and the quotas of its cgroups.

All facts are read from text files below `root`, so that tests can supply their own.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from math import ceil
from pathlib import Path

ROOT = Path("/")
CPU_FOLDER = "sys/devices/system/cpu"


def usable_cores(root: Path = ROOT, processors: Iterable[int] | None = None) -> int:
    """Number of physical cores for this process, at least one. Hardware threads of one core count once, and the CPU
    quota of a cgroup (version 1 or 2), rounded up, is an upper bound.

    `processors` are those that the process may run on; by default its affinity.
    """
    allowed = sorted(_affinity() if processors is None else processors)
    cores = len({_core(root, processor) for processor in allowed})
    return max(1, min((cores, *(ceil(quota) for quota in _quotas(root)))))


def model_name(root: Path = ROOT) -> str | None:
    """Model name of the processor; None where the system does not provide it."""
    lines = (line.partition(":") for line in _text(root / "proc/cpuinfo").splitlines())
    return next((value.strip() for name, _, value in lines if name.strip() == "model name"), None)


def _affinity() -> Iterable[int]:
    if hasattr(os, "sched_getaffinity"):  # Linux only
        return os.sched_getaffinity(0)
    return range(os.cpu_count() or 1)


def _core(root: Path, processor: int) -> str:
    """A key shared by the processors of one core: their list, or the processor itself where the list is missing."""
    topology = root / CPU_FOLDER / f"cpu{processor}" / "topology"
    return _text(topology / "core_cpus_list") or _text(topology / "thread_siblings_list") or str(processor)


def _quotas(root: Path) -> Iterator[float]:
    """CPU quotas of this process's cgroups and of all cgroups above them, in processors."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:
            folders = (*_folders(root / "sys/fs/cgroup", path), *_folders(root / "sys/fs/cgroup/unified", path))
            yield from _granted(_text(folder / "cpu.max").split() for folder in folders)
        elif "cpu" in controllers.split(","):
            folders = (*_folders(root / "sys/fs/cgroup/cpu", path), *_folders(root / "sys/fs/cgroup/cpu,cpuacct", path))
            names = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
            yield from _granted([_text(folder / name) for name in names] for folder in folders)


def _folders(mount: Path, path: str) -> Iterator[Path]:
    """Folders of a cgroup and of those above it, up to the mount; in a container that may be its own cgroup."""
    parts = [part for part in path.split("/") if part not in ("", "..")]
    for depth in range(len(parts), -1, -1):
        yield mount.joinpath(*parts[:depth])


def _granted(limits: Iterable[list[str]]) -> Iterator[float]:
    """quota / period of the limits that are two positive numbers; `max` and -1 mean no limit."""
    for limit in limits:
        if len(limit) == 2 and all(number.isdecimal() and int(number) > 0 for number in limit):
            yield int(limit[0]) / int(limit[1])


def _text(path: Path) -> str:
    """The stripped text of a file; empty where it cannot be read."""
    try:
        return path.read_text().strip()
    except (OSError, ValueError):
        return ""

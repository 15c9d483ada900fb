"""`netspec doctor`: what netspec found on this machine, and what it lacks."""

from __future__ import annotations

import ctypes.util
import platform
import sys
from pathlib import Path

import click

from netspec.cli.options import json_option
from netspec.cli.printing import say, say_json, say_line
from netspec.cli.provenance import installed_version
from netspec.data.environment import DATA_VARIABLE, readable_data_folder
from netspec.data.places import Places
from netspec.runtime.host import host_target, processor
from netspec.runtime.processors import usable_cores
from netspec.train.device import host_device

REQUIRED = ("netspec", "numpy", "numba", "llvmlite", "lark", "click", "rich", "safetensors", "Pillow", "matplotlib")
OPTIONAL = {
    "sympy": "count --symbolic: pip install 'netspec[symbolic]'",
    "torch": "bench: pip install 'netspec[bench]'",
}
CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
DRIVER = Path("/proc/driver/nvidia/version")

Findings = dict[str, dict[str, object]]


@click.command("doctor")
@json_option
def command(as_json: bool) -> None:
    """Tell versions, processor, caches, folders, and whether a GPU can be used."""
    found = findings()
    if as_json:
        return say_json(found)
    width = max(len(name) for section in found.values() for name in section)
    for section, facts in found.items():
        say(section)
        for name, fact in facts.items():
            say_line(f"  {name.ljust(width)}  {fact if fact is not None else '-'}")
    return None


def findings() -> Findings:
    """Sections of named facts; what could not be found out is None."""
    return {"versions": _versions(), "processor": _processor(), "folders": _folders(), "gpu": _gpu()}


def _versions() -> dict[str, object]:
    facts: dict[str, object] = {
        "python": f"{platform.python_version()} ({sys.executable})",
        "system": platform.platform(),
    }
    facts |= {name: installed_version(name) or "missing" for name in REQUIRED}
    return facts | {
        name: installed_version(name) or f"not installed; needed by {use}" for name, use in OPTIONAL.items()
    }


def _processor() -> dict[str, object]:
    target = host_target()
    return {
        "name": processor().name,
        "target": target.name,
        "lanes": target.lanes,
        "registers": target.registers,
        "threads": usable_cores(),
        **cache_sizes(CACHES),
        "planned_l1": f"{target.l1_bytes // 1024}K",
        "planned_l2": f"{target.l2_bytes // 1024}K",
    }


def cache_sizes(folder: Path) -> dict[str, object]:
    """Sizes of the data caches as Linux tells them (`l1: 48K`); nothing elsewhere."""
    found: dict[str, object] = {}
    for place in sorted(folder.glob("index*")):
        try:
            kind, level, size = ((place / name).read_text().strip() for name in ("type", "level", "size"))
        except OSError:
            continue
        if kind != "Instruction":
            found[f"l{level}"] = size
    return found


def _folders() -> dict[str, object]:
    kernels = host_device().cache_dir
    places = Places(shared=readable_data_folder())
    return {
        "kernels": str(kernels) if kernels else None,
        DATA_VARIABLE: str(places.shared) if places.shared else "not set",
        "downloads": str(places.download),
    }


def _gpu() -> dict[str, object]:
    if DRIVER.is_file():
        driver = DRIVER.read_text().partition("\n")[0].strip()
    else:
        driver = "found" if ctypes.util.find_library("cuda") else "not found"
    return {"cuda": "not used: this version trains on the processor alone", "driver": driver}

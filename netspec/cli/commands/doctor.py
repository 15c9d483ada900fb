"""`netspec doctor`: what netspec found on this machine, and what it lacks."""

from __future__ import annotations

import ctypes.util
import platform
import sys
from importlib.util import find_spec as find_module
from pathlib import Path

import click

from netspec.bench.layers import exceeds_peak, probe_of_peak
from netspec.bench.peak import core_peak_gflops
from netspec.cli.options import json_option
from netspec.cli.show.printing import say, say_json, say_line
from netspec.cli.show.provenance import installed_version
from netspec.cli.show.roofline import peak_remark
from netspec.data.environment import DATA_VARIABLE, readable_data_folder
from netspec.data.places import Places
from netspec.diagnostics.failure import DeviceError
from netspec.kernels.cpu.language.numba_settings import settings
from netspec.runtime.cache import user_cache
from netspec.runtime.cpu.compilation import check_compiler
from netspec.runtime.cpu.host import host_target, processor
from netspec.runtime.cpu.processors import usable_cores
from netspec.runtime.cuda.driver_api import open_api
from netspec.runtime.cuda.found import found_gpus, newest_cuda
from netspec.runtime.cuda.packages import INSTALL
from netspec.runtime.cuda.packages import check_compiler as check_compiler_for_gpus

REQUIRED = ("netspec", "numpy", "numba", "llvmlite", "lark", "click", "rich", "safetensors", "Pillow", "matplotlib")
OPTIONAL = {
    "sympy": "count --symbolic: pip install 'netspec[symbolic]'",
    "torch": "bench: pip install 'netspec[bench]'",
    "onnx": "bench --predict: pip install 'netspec[bench]'",
    "onnxruntime": "bench --predict: pip install 'netspec[bench]'",
    "openvino": "bench --predict: pip install 'netspec[bench]'",
}
GPU_PACKAGES = ("numba-cuda", "cuda-bindings", "cuda-core", "cuda-toolkit", "nvidia-nvvm", "nvidia-nvjitlink")
CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
DRIVER = Path("/proc/driver/nvidia/version")

SPEED = ("fma_peak_gflops", "direct_layer_of_peak", "peak_remark")

Findings = dict[str, dict[str, object]]


@click.command("doctor")
@json_option
def command(as_json: bool) -> None:
    """Tell versions, processor and its peak, caches, Numba's settings, folders, and what a GPU lacks to be used."""
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
    numba = _numba()
    usable = numba["trouble"] is None
    processor_facts = _processor() | (_speed() if usable else dict.fromkeys(SPEED))
    return {
        "versions": _versions(),
        "processor": processor_facts,
        "numba": numba,
        "folders": _folders(),
        "gpu": _gpu(),
    }


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


def _speed() -> dict[str, object]:
    """The peak of a core, what a direct layer reaches of it, and what is wrong where that is more."""
    target, cache_dir = host_target(), user_cache()
    gflops = core_peak_gflops(cache_dir)
    fraction = probe_of_peak(target, cache_dir, gflops)
    remark = peak_remark("a layer of 1x1 windows does its products", fraction) if exceeds_peak(fraction) else None
    return dict(zip(SPEED, (round(gflops, 1), round(fraction, 3), remark), strict=True))


def _numba() -> dict[str, object]:
    """Its settings, and what they break."""
    trouble = None
    try:
        check_compiler()
    except DeviceError as error:
        trouble = f"{error.code}: {error.message}"
    said = ", ".join(f"{name}={value}" for name, value in sorted(settings().items()))
    return {"settings": said or "none", "trouble": trouble}


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
    places = Places(shared=readable_data_folder())
    return {
        "kernels": str(user_cache()),
        DATA_VARIABLE: str(places.shared) if places.shared else "not set",
        "downloads": str(places.download),
    }


def _gpu() -> dict[str, object]:
    """Packages, driver and GPUs; `trouble` is the first thing that programs for a GPU lack, with its repair."""
    packages = {name: installed_version(name) or f"not installed; {INSTALL}" for name in GPU_PACKAGES}
    facts: dict[str, object] = {**packages, "numba.cuda": _target_of_numba(), "driver": _driver_file()}
    facts |= dict.fromkeys(("cuda", "gpus", "trouble"))
    try:
        check_compiler_for_gpus()
        api = open_api()
        facts["cuda"] = newest_cuda(api)
        facts["gpus"] = "; ".join(
            f"{gpu.name}, {gpu.target.name}, {gpu.memory_bytes / 1e9:.1f} GB" for gpu in found_gpus(api)
        )
    except DeviceError as error:
        facts["trouble"] = "; ".join((f"{error.code}: {error.message}", *error.helps))
    return facts


def _target_of_numba() -> str:
    """Whose `numba.cuda` is."""
    found = find_module("numba.cuda")
    if found is None or found.origin is None:
        return "missing"
    return "numba-cuda's" if "numba_cuda" in Path(found.origin).parts else "Numba's own, too old for these kernels"


def _driver_file() -> str:
    """What Linux says of NVIDIA's driver, else whether there is one."""
    if DRIVER.is_file():
        return DRIVER.read_text().partition("\n")[0].strip()
    return "found" if ctypes.util.find_library("cuda") else "not found"

"""Text of a program's kernels: PTX, always compiled again, or machine code (SASS), from the cache where it is there."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from netspec.diagnostics.failure import DeviceError
from netspec.kernels.cuda.language.unit import unit_of
from netspec.runtime.cuda.compilation import COMPILER, ArchUnit, compile_ptx, user_code
from netspec.runtime.obtain import obtain
from netspec.targets.cuda.program import Program

Form = Literal["ptx", "sass"]


def kernel_texts(program: Program, form: Form) -> Iterator[tuple[str, str]]:
    """Name (`convolution-256-float32*,…`) and text of each kernel of a step, once. Raises DeviceError (E597) where
    packages are missing, or nvdisasm."""
    calls = (*program.incoming.calls, *(call for launch in program.launches for call in launch.calls))
    units = (unit_of(call, constant=True) for call in (*calls, *program.outgoing))
    needed = {unit.name: ArchUnit(unit, program.target.name) for unit in units}
    if form == "ptx":
        return ((name, compile_ptx(each)) for name, each in needed.items())
    return _sass_texts(needed)


def _sass_texts(units: Mapping[str, ArchUnit]) -> Iterator[tuple[str, str]]:
    """Machine code by the kernels' names, as nvdisasm prints it, without addresses of functions and data. Several are
    printed at a time, since nvdisasm takes half a second to start."""
    disassembler = _disassembler()
    codes = obtain(tuple(units.values()), user_code(), COMPILER)

    def text(each: ArchUnit) -> str:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "kernel.cubin")
            path.write_bytes(codes[each.name].object_file)
            return subprocess.run([disassembler, "-c", path], check=True, capture_output=True, text=True).stdout

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from zip(units, pool.map(text, units.values()), strict=True)


def _disassembler() -> Path:
    """nvdisasm, beside the toolkit's packages or on the path."""
    spec = find_spec("nvidia")
    folders = () if spec is None else tuple(spec.submodule_search_locations or ())
    beside = (Path(folder, "cu13", "bin", "nvdisasm") for folder in folders)
    found = next((path for path in beside if path.is_file()), None) or shutil.which("nvdisasm")
    if found is None:
        install = "`pip install nvidia-cuda-nvdisasm`"
        raise DeviceError("E597", "nvdisasm, which prints machine code, is not installed", helps=(install,))
    return Path(found)

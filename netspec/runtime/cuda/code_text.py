"""Text of a program's kernels: PTX or machine code (SASS), always compiled again, never from the cache."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from netspec.diagnostics.failure import DeviceError
from netspec.kernels.cuda.language.unit import Unit, unit_of
from netspec.runtime.cuda.compilation import ArchUnit, compile_ptx, compile_unit
from netspec.targets.cuda.processor import CudaTarget
from netspec.targets.cuda.program import Program

Form = Literal["ptx", "sass"]


def kernel_texts(program: Program, form: Form) -> Iterator[tuple[str, str]]:
    """Name (`convolution-256-float32*,…`) and text of each kernel of a step, once. Raises DeviceError (E597) where
    packages are missing."""
    text = ptx_text if form == "ptx" else sass_text
    calls = (*program.incoming.calls, *(call for launch in program.launches for call in launch.calls))
    units = {unit.name: unit for unit in (unit_of(call, constant=True) for call in (*calls, *program.outgoing))}
    yield from ((name, text(unit, program.target)) for name, unit in units.items())


def ptx_text(unit: Unit, target: CudaTarget) -> str:
    """The PTX of a kernel."""
    return compile_ptx(ArchUnit(unit, target.name))


def sass_text(unit: Unit, target: CudaTarget) -> str:
    """The machine code of a kernel as nvdisasm prints it, without addresses of functions and data. Raises DeviceError
    (E597) where nvdisasm is missing."""
    program = _disassembler()
    cubin = compile_unit(ArchUnit(unit, target.name)).object_file
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "kernel.cubin")
        path.write_bytes(cubin)
        return subprocess.run([program, "-c", path], check=True, capture_output=True, text=True).stdout


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

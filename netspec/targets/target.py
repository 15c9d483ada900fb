"""The kinds of processor that programs are planned for."""

from __future__ import annotations

from netspec.targets.cpu.processor import CpuTarget
from netspec.targets.cpu.program import Program as CpuProgram
from netspec.targets.cuda.processor import CudaTarget
from netspec.targets.cuda.program import Program as CudaProgram

Target = CpuTarget | CudaTarget
"""One class a kind of processor; `compiler.py` has a planner for each."""
Program = CpuProgram | CudaProgram

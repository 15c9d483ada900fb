"""Text of a program's kernels: LLVM IR or assembly, always compiled again, never from the cache."""
# pyright: basic, reportMissingParameterType=false

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from netspec.kernels.cpu.language.rows import Row
from netspec.kernels.cpu.language.tile import tile_shape
from netspec.runtime.cpu.compilation import Unit, compiling
from netspec.runtime.cpu.launch_table import launch_rows
from netspec.targets.cpu.processor import CpuTarget
from netspec.targets.cpu.program import Program

Form = Literal["llvm", "asm"]


def kernel_texts(program: Program, form: Form) -> Iterator[tuple[str, str]]:
    """Name (`netspec.kernels.cpu.dense.products.multiply 4x3x16`) and text of each kernel of the program, once."""
    seen: set[str] = set()
    for row in launch_rows(program):
        name = f"{row.kernel.py_func.__module__}.{row.kernel.py_func.__name__} {_tile_text(row, program)}"
        if name not in seen:
            seen.add(name)
            yield name, _text(row, program.target, form)


def _tile_text(row: Row, program: Program) -> str:
    return f"{row.tile.rows}x{row.tile.columns}x{program.target.lanes}"


def _text(row: Row, target: CpuTarget, form: Form) -> str:
    arguments = Unit(row.kernel, tile_shape(row.tile, target)).arguments
    with compiling():
        row.kernel.compile(arguments)
        return row.kernel.inspect_llvm(arguments) if form == "llvm" else row.kernel.inspect_asm(arguments)

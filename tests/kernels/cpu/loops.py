"""Inner loops of the kernels that take most of a step, as a table: products, instructions, and vectors on the stack.

Run in a process of its own, it prints the table for this processor, or the one that Numba's options force, and with the
word `neon` that for a 64-bit ARM. What a process has compiled before moves an instruction here and there.
"""

import sys
from collections.abc import Callable, Iterable, Iterator

import llvmlite

from netspec.kernels.cpu.channels import maps as channel_maps
from netspec.kernels.cpu.channels import sums as channel_sums
from netspec.kernels.cpu.dense import products, update
from netspec.kernels.cpu.language.rows import Kernel
from netspec.kernels.cpu.language.tile import TileShape
from netspec.kernels.cpu.sliding import convolution, convolution_weight_gradient, depthwise, pointwise
from netspec.kernels.cpu.winograd import convolution as winograd
from netspec.kernels.cpu.winograd import weight_gradient as winograd_weights
from netspec.runtime.cpu.compilation import Unit, compile_unit
from netspec.runtime.cpu.host import host_target
from netspec.targets.cpu.processor import NEON, CpuTarget
from tests.kernels.cpu.arm import MULTIPLY, STACKED_VECTOR, arm_assembly, arm_instructions
from tests.kernels.cpu.assembly import STACK, VECTOR_MULTIPLY, VECTOR_REGISTER, innermost_loops, instructions

OF_16_REGISTERS: tuple[tuple[Kernel, int, int], ...] = (
    (products.multiply, 6, 2),
    (products.weight_gradient, 6, 2),
    (update.weight_update, 6, 2),
    (convolution.slide, 4, 3),
    (convolution.slide, 5, 2),
    (convolution.slide, 10, 1),
    (convolution_weight_gradient.sum_taps, 2, 5),
    (convolution_weight_gradient.sum_taps, 4, 3),
    (convolution_weight_gradient.sum_channels, 4, 3),
    (depthwise.sum_windows, 3, 3),
    (pointwise.multiply_channels, 4, 3),
    (winograd.convolve, 4, 3),
    (winograd_weights.multiply_tiles, 4, 3),
)
"""Kernels and tiles that planners choose for targets of 16 registers."""
OF_NEON: tuple[tuple[Kernel, int, int], ...] = (
    (products.multiply, 5, 4),
    (products.weight_gradient, 5, 4),
    (update.weight_update, 8, 3),
    (convolution.slide, 8, 3),
    (convolution.slide, 12, 2),
    (convolution_weight_gradient.sum_taps, 8, 3),
    (convolution_weight_gradient.sum_taps, 4, 5),
    (convolution_weight_gradient.sum_channels, 5, 4),
    (depthwise.sum_windows, 3, 3),
    (pointwise.multiply_channels, 8, 3),
    (winograd.convolve, 4, 4),
    (winograd_weights.multiply_tiles, 8, 3),
    (channel_sums.sum_windows, 12, 2),
    (channel_maps.slide_depthwise, 8, 1),
)
"""The same for the 32 registers of NEON, some of which hold operands."""
FEWEST_PRODUCTS = 3
"""in a loop that is told of"""


def table() -> str:
    """The table of this processor, from its machine code."""
    return _table(host_target(), OF_16_REGISTERS, lambda unit: _told(_loops(compile_unit(unit).object_file)))


def neon_table() -> str:
    """The table of a 64-bit ARM, from assembly that is never run."""
    return _table(NEON, OF_NEON, lambda unit: _told(innermost_loops(arm_instructions(arm_assembly(unit)))))


def _loops(code: bytes) -> Iterator[list[str]]:
    return innermost_loops(instructions(code))


def _table(target: CpuTarget, kernels: Iterable[tuple[Kernel, int, int]], told: Callable[[Unit], Iterable[str]]) -> str:
    """A line a loop of each kernel, those with most products first; two loops that are alike are told once."""
    lines = list[str]()
    for kernel, rows, columns in kernels:
        unit = Unit(kernel, TileShape(rows, columns, target.lanes, target.registers))
        lines += [f"{f'{kernel.py_func.__name__} {rows}x{columns}':26} {loop}" for loop in told(unit)]
    version = f"{target.name}, {target.registers} registers, LLVM of llvmlite {llvmlite.__version__}"
    return "\n".join((version, f"{'kernel and tile':26} products  instructions  vectors on the stack", *lines, ""))


def _told(loops: Iterable[list[str]]) -> Iterator[str]:
    found = set[tuple[int, int, int]]()
    for loop in loops:
        products_done = sum(bool(VECTOR_MULTIPLY.match(text) or MULTIPLY.match(text)) for text in loop)
        on_stack = sum(_is_stacked(text) for text in loop)
        found.add((products_done, len(loop), on_stack))
    for products_done, length, on_stack in sorted(found, reverse=True):
        if products_done >= FEWEST_PRODUCTS:
            yield f"{products_done:8}  {length:12}  {on_stack:20}"


def _is_stacked(text: str) -> bool:
    """Whether an instruction loads a vector from the stack or stores one there."""
    return bool(STACK.search(text) and VECTOR_REGISTER.search(text)) or STACKED_VECTOR.match(text) is not None


if __name__ == "__main__":
    print(neon_table() if sys.argv[1:] == ["neon"] else table(), end="")

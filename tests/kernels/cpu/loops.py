"""Inner loops of the kernels that take most of a step, as a table: products, instructions, and vectors on the stack.

Run in a process of its own, where Numba's options force a processor, it prints the table for that processor.
"""

from collections.abc import Iterable, Iterator

import llvmlite

from netspec.kernels.cpu.dense import products, update
from netspec.kernels.cpu.language.rows import Kernel
from netspec.kernels.cpu.language.tile import TileShape
from netspec.kernels.cpu.sliding import convolution, convolution_weight_gradient, depthwise, pointwise
from netspec.kernels.cpu.winograd import convolution as winograd
from netspec.kernels.cpu.winograd import weight_gradient as winograd_weights
from netspec.runtime.cpu.compilation import Unit, compile_unit
from netspec.runtime.cpu.host import host_target
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
FEWEST_PRODUCTS = 3
"""in a loop that is told of"""


def table() -> str:
    """A line a loop of each kernel, those with most products first; two loops that are alike are told once."""
    target, lines = host_target(), list[str]()
    version = f"{target.name}, {target.registers} registers, LLVM of llvmlite {llvmlite.__version__}"
    for kernel, rows, columns in OF_16_REGISTERS:
        code = compile_unit(Unit(kernel, TileShape(rows, columns, target.lanes, target.registers))).object_file
        name = f"{kernel.py_func.__name__} {rows}x{columns}"
        lines += [f"{name:26} {loop}" for loop in _told(innermost_loops(instructions(code)))]
    return "\n".join((version, f"{'kernel and tile':26} products  instructions  vectors on the stack", *lines, ""))


def _told(loops: Iterable[list[str]]) -> Iterator[str]:
    found = set[tuple[int, int, int]]()
    for loop in loops:
        products_done = sum(VECTOR_MULTIPLY.match(text) is not None for text in loop)
        on_stack = sum(bool(STACK.search(text) and VECTOR_REGISTER.search(text)) for text in loop)
        found.add((products_done, len(loop), on_stack))
    for products_done, length, on_stack in sorted(found, reverse=True):
        if products_done >= FEWEST_PRODUCTS:
            yield f"{products_done:8}  {length:12}  {on_stack:20}"


if __name__ == "__main__":
    print(table(), end="")

"""From Numba to LLVM: a kernel is one function, and Numba itself is left as it is."""
# pyright: basic

import re

from numba import njit

from netspec.kernels.cpu.language.jit import kernel, routine
from netspec.kernels.cpu.language.tile import TileShape, columns, lanes
from netspec.runtime.cpu.compilation import Unit, compile_unit


@routine
def _inner(tile, arena, i):
    return arena[i] * lanes(tile)


@routine
def _outer(tile, arena, i):
    return _inner(tile, arena, i) + min(_inner(tile, arena, i + columns(tile)), 3.0)


@kernel
def sum_products(tile, arena, d, state, begin, end, thread):
    for i in range(begin, end):
        arena[d[0]] += _outer(tile, arena, i)


def unit() -> Unit:
    return Unit(sum_products, TileShape(1, 2, 4, 32))


def test_all_routines_are_inlined_into_one_function() -> None:
    compile_unit(unit())
    text = sum_products.inspect_llvm(unit().arguments)
    assert len(re.findall(r"^define", text, re.MULTILINE)) == 1
    assert re.findall(r"call .*@(?!llvm\.)", text) == []


def test_compiling_a_kernel_twice_gives_the_same_machine_code() -> None:
    assert compile_unit(unit()) == compile_unit(unit())


def test_functions_of_numba_s_own_users_are_compiled_as_ever() -> None:
    compile_unit(unit())
    add = njit(lambda a, b: min(a, b) + 1)
    assert add(2, 3) == 3

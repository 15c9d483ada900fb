"""Python functions that Numba compiles for this processor: the scheduler, and what kernels call.

Each becomes one object file, kept on disk beside the kernels. Kernels call a function by way of the table of addresses
in `memory.FUNCTIONS`: an address differs from process to process, so no kept code contains one.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any

from numba import njit, types

from netspec.runtime.cache import Code
from tests.cuda_native import memory
from tests.cuda_native.store import CACHE, loaded

WORDS = 4
"""A host function takes four int64 words, of which it may ignore some, and returns one."""
SIGNATURE = (types.int64,) * WORDS
CALL = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, *[ctypes.c_int64] * WORDS)
"""Numba's convention: addresses for the result and for an exception, then the arguments; returns a status."""
PYTHON_PREFIXES = ("Py", "_Py", "NRT_", "numba_")
"""prefixes of functions that need Python"""

_NUMBERS: dict[str, int] = {}


@cache
def address(function: Callable[..., int]) -> int:
    """The address of a host function's code, loaded from disk or compiled."""
    name = f"host-{function.__module__}.{function.__qualname__}"
    code = CACHE.load(name)
    if code is None:
        code = _compiled(function)
        CACHE.store(name, code)
    return loaded(code)


def _compiled(function: Callable[..., int]) -> Code:
    options = {"error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    dispatcher: Any = njit(**options)(function)
    dispatcher.compile(SIGNATURE)
    compiled = dispatcher.overloads[SIGNATURE]
    module, machine = compiled.library._final_module, compiled.library._codegen._tm
    declared = [each.name for each in module.functions if each.is_declaration]
    foreign = [name for name in declared if name.startswith(PYTHON_PREFIXES)]
    assert not foreign, f"{function.__qualname__} calls {foreign}"
    return Code(compiled.fndesc.llvm_func_name, machine.emit_object(module))


def call(function: Callable[..., int], *words: int) -> int:
    """Calls a host function from Python."""
    result = ctypes.c_int64()
    padded = (*words, *[0] * (WORDS - len(words)))
    CALL(address(function))(ctypes.addressof(result), None, *padded)
    return result.value


def enter(function: Callable[..., int], number: int) -> None:
    """Puts the address of a function's code at its number in the table that kernels read."""
    memory.functions[number] = address(function)

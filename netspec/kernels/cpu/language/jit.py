"""Compiler options of all kernels: no exceptions, no bounds checks, and of fast math only the contraction to FMA.

`runtime/cpu/native.py` compiles a kernel for each tile shape and caches the machine code. Numba's own cache is off, and
so are the wrappers through which Python calls a function. A routine is a part of kernels and is always inlined; it
takes the tile as an argument where it needs it. Every nested routine is compiled again for every tile shape, so nest
few.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false

from typing import Any

from netspec.kernels.cpu.language.lowering import KernelDispatcher

OPTIONS = {
    "nopython": True,
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"contract"},
    "boundscheck": False,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}


def kernel(function: Any) -> Any:
    """Decorator of a kernel; `runtime/cpu/native.py` compiles it."""
    return KernelDispatcher(function, targetoptions=dict(OPTIONS))


def routine(function: Any) -> Any:
    """Decorator of a function that is inlined into kernels."""
    return KernelDispatcher(function, targetoptions=OPTIONS | {"forceinline": True})

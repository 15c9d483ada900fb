"""How every kernel is compiled: no exceptions, no bounds checks; a product and a sum may contract to an FMA, no more.

A kernel is compiled for a tile shape by `runtime/cpu/native.py` and cached there as machine code; Numba's own cache
stays off, and so do the wrappers that would let Python call it. A routine is a part of a kernel: it takes the tile too,
if it needs it, and is always inlined. Every level of routines is compiled anew for every tile: keep them few.
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
    """Marks a kernel; `runtime/cpu/native.py` compiles it."""
    return KernelDispatcher(function, targetoptions=dict(OPTIONS))


def routine(function: Any) -> Any:
    """Marks a part of kernels that is inlined into them."""
    return KernelDispatcher(function, targetoptions=OPTIONS | {"forceinline": True})

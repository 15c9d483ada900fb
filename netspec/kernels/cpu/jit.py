"""How every kernel is compiled: no exceptions, no bounds checks; a product and a sum may contract to an FMA, no more.

A kernel is compiled for a tile shape by `runtime/native.py` and cached there as machine code; Numba's own cache stays
off, and so do the wrappers that would let Python call it. A routine is a part of a kernel: it takes the tile too, if it
needs it, and is always inlined. Every level of routines is compiled anew for every tile: keep them few.
"""
# pyright: basic, reportMissingParameterType=false, reportUnknownVariableType=false

from numba import njit

OPTIONS = {
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"contract"},
    "boundscheck": False,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}

kernel = njit(**OPTIONS)
routine = njit(**OPTIONS, forceinline=True)

"""How every kernel is compiled: no exceptions, no bounds checks; a product and a sum may contract to an FMA, no more.

A kernel is compiled for a tile shape by `runtime/native.py` and cached there as machine code; Numba's own cache stays
off. A routine is a part of a kernel: it takes the tile too, if it needs it, and is always inlined.
"""
# pyright: basic, reportMissingParameterType=false, reportUnknownVariableType=false

from numba import njit

kernel = njit(nogil=True, error_model="numpy", fastmath={"contract"}, boundscheck=False)
routine = njit(nogil=True, error_model="numpy", fastmath={"contract"}, boundscheck=False, forceinline=True)

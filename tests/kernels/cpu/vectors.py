"""Runs a kernel by hand on an array of its own, for what has no operation: vectors and their functions."""

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspec.kernels.cpu.language.tile import TileShape
from netspec.runtime.cache import CodeCache
from netspec.runtime.cpu.native import kernel_address

LANES = (16, 8, 4)
KERNEL = ctypes.CFUNCTYPE(ctypes.c_int32, *[ctypes.c_void_p] * 6, *[ctypes.c_int64] * 3)
NO_CACHE = CodeCache(None)


def run_by_hand(kernel: Any, arena: NDArray[Any], words: tuple[int, ...], lanes: int, units: int = 1) -> None:
    """kernel(tile, arena, words, state, 0, units, 0) with a tile of one vector; `arena` is changed in place.

    The kernel must be a function of a module, and its name there unique: compiled code is known by it.
    """
    call = KERNEL(kernel_address(kernel, TileShape(1, 1, lanes, 32), NO_CACHE))
    descriptor, state, result = np.array(words, np.int64), np.zeros(32, np.int64), ctypes.c_void_p()
    pointers = (array.ctypes.data for array in (arena, descriptor, state))
    call(ctypes.addressof(result), None, None, *pointers, 0, units, 0)


def padded(values: NDArray[Any], lanes: int) -> NDArray[Any]:
    """float32 `values` followed by zeros up to a whole number of vectors."""
    flat = np.asarray(values, np.float32).ravel()
    return np.concatenate([flat, np.zeros(-len(flat) % lanes, np.float32)])

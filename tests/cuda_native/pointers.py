"""Addresses as pointers, for Python that Numba compiles for this processor."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

routine = njit(error_model="numpy", forceinline=True)
"""Decorator of a part of the functions of `host.py`."""


def _pointer(kind: Any) -> Any:
    """A function from an address to a pointer to numbers of `kind`; its indices are not checked."""

    @intrinsic
    def pointer(_typing: Any, _address: Any) -> Any:
        def codegen(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], ir.IntType(kind.bitwidth).as_pointer())

        return types.CPointer(kind)(types.int64), codegen

    return pointer


bytes_at = _pointer(types.uint8)
halves_at = _pointer(types.uint16)
words_at = _pointer(types.uint32)
integers_at = _pointer(types.int32)
longs_at = _pointer(types.int64)

"""Addresses that state words hold, as pointers."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportMissingImports=false

from __future__ import annotations

from llvmlite import ir
from numba.cuda import types
from numba.cuda.extending import intrinsic


def _pointers(kind, width):
    @intrinsic
    def pointer_at(_typing, address):
        def codegen(_context, builder, _signature, arguments):
            return builder.inttoptr(arguments[0], width.as_pointer())

        return types.CPointer(kind)(types.int64), codegen

    return pointer_at


floats_at = _pointers(types.float32, ir.FloatType())
"""float32* of an int64 address"""
integers_at = _pointers(types.int32, ir.IntType(32))
words_at = _pointers(types.int64, ir.IntType(64))
bytes_at = _pointers(types.uint8, ir.IntType(8))

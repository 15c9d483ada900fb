"""Numba types of a vector register: `Vector` of float32, `IntVector` of 32-bit integers, `Mask` of truth values.

Each is one LLVM vector with as many elements as the target has lanes, so LLVM keeps it in a register. Numba identifies
a type by its name, so the name contains the lanes.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from llvmlite import ir
from numba import types
from numba.extending import models, register_model

from netspec.kernels.cpu.language import emit

BIT = ir.IntType(1)


class Vector(types.Type):
    """`lanes` float32 numbers."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        super().__init__(name=f"Vector({lanes})")


class IntVector(types.Type):
    """`lanes` 32-bit integers; unsigned in shifts and wide products, signed in comparisons."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        super().__init__(name=f"IntVector({lanes})")


class Mask(types.Type):
    """`lanes` truth values, the result of a comparison of vectors."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        super().__init__(name=f"Mask({lanes})")


def _register(kind, element) -> None:
    @register_model(kind)
    class _Model(models.PrimitiveModel):
        def __init__(self, manager, front_end_type) -> None:
            super().__init__(manager, front_end_type, emit.vector(front_end_type.lanes, element))


_register(Vector, emit.FLOAT)
_register(IntVector, emit.INT32)
_register(Mask, BIT)

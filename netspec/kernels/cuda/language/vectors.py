"""Four float32 numbers at once: loads and stores of 16 bytes."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportMissingImports=false

from __future__ import annotations

from llvmlite import ir
from numba.cuda import cgutils, types
from numba.cuda.extending import intrinsic
from numba.cuda.typing import signature

FOUR = ir.VectorType(ir.FloatType(), 4)
ALIGNMENT_BYTES = 16


def elements(context, builder, kind, value):
    """The address of the first number of an array or behind a pointer."""
    return context.make_array(kind)(context, builder, value).data if isinstance(kind, types.Array) else value


def load_vector(builder, data, place):
    """The four numbers from `place` on, as LLVM's vector. Their address is a multiple of 16."""
    address = builder.bitcast(builder.gep(data, [place]), FOUR.as_pointer())
    return builder.load(address, align=ALIGNMENT_BYTES)


def number(k):
    return ir.Constant(ir.IntType(32), k)


@intrinsic
def load4(_typing, array, place):
    """The numbers from `place` (int32, a multiple of 4) on."""

    def codegen(context, builder, kinds, arguments):
        four = load_vector(builder, elements(context, builder, kinds.args[0], arguments[0]), arguments[1])
        return cgutils.pack_array(builder, [builder.extract_element(four, number(k)) for k in range(4)])

    return signature(types.UniTuple(types.float32, 4), array, types.int32), codegen


@intrinsic
def store4(_typing, array, place, values):
    """Stores four numbers from `place` (int32, a multiple of 4) on."""

    def codegen(context, builder, kinds, arguments):
        four = ir.Constant(FOUR, ir.Undefined)
        for k in range(4):
            four = builder.insert_element(four, builder.extract_value(arguments[2], k), number(k))
        data = elements(context, builder, kinds.args[0], arguments[0])
        address = builder.bitcast(builder.gep(data, [arguments[1]]), FOUR.as_pointer())
        builder.store(four, address, align=ALIGNMENT_BYTES)
        return context.get_dummy_value()

    return signature(types.none, array, types.int32, types.UniTuple(types.float32, 4)), codegen

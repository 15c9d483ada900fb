"""LLVM instructions that the vector and tile types share: float32 vectors at an index of the arena."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from llvmlite import ir
from numba.core import cgutils

INT8 = ir.IntType(8)
INT32 = ir.IntType(32)
INT64 = ir.IntType(64)
FLOAT = ir.FloatType()


def vector(lanes: int, element: ir.Type = FLOAT) -> ir.VectorType:
    """The LLVM type of a vector register."""
    return ir.VectorType(element, lanes)


def constant(lanes: int, value: float) -> ir.Constant:
    """`value` in every lane."""
    return ir.Constant(vector(lanes), [value] * lanes)


def shifted(builder, index, offset: int):
    """index + offset, folded into the address when constant."""
    return builder.add(index, ir.Constant(index.type, offset), flags=("nsw",)) if offset else index


def scaled(builder, index, factor: int):
    """index * factor"""
    return builder.mul(index, ir.Constant(index.type, factor), flags=("nsw",))


def clamped(builder, row: int, count):
    """min(row, count - 1)"""
    number = ir.Constant(count.type, row)
    last = builder.sub(count, ir.Constant(count.type, 1))
    return builder.select(builder.icmp_signed("<", number, count), number, last)


def address(builder, arena, index, offset: int = 0):
    """Pointer to arena[index + offset]."""
    return builder.gep(arena, [shifted(builder, index, offset)], inbounds=True)


def load(builder, arena, index, lanes: int, offset: int = 0):
    """The vector arena[index + offset : +lanes]."""
    place = address(builder, arena, index, offset)
    return builder.load(builder.bitcast(place, vector(lanes).as_pointer()), align=4)


def store(builder, value, arena, index, offset: int = 0) -> None:
    """arena[index + offset : +lanes] = value"""
    place = address(builder, arena, index, offset)
    builder.store(value, builder.bitcast(place, value.type.as_pointer()), align=4)


def splat(builder, scalar, lanes: int):
    """A scalar in every lane."""
    undefined = ir.Constant(ir.VectorType(scalar.type, lanes), ir.Undefined)
    single = builder.insert_element(undefined, scalar, ir.Constant(INT32, 0))
    return builder.shuffle_vector(single, undefined, ir.Constant(ir.VectorType(INT32, lanes), [0] * lanes))


def broadcast(builder, arena, index, lanes: int, offset: int = 0):
    """arena[index + offset] in every lane."""
    return splat(builder, builder.load(address(builder, arena, index, offset), align=4), lanes)


def fma(builder, x, y, z):
    """x*y + z, rounded once where the processor has an FMA instruction, otherwise twice."""
    kind = x.type
    signature = ir.FunctionType(kind, [kind, kind, kind])
    function = cgutils.get_or_insert_function(builder.module, signature, f"llvm.fmuladd.v{kind.count}f32")
    return builder.call(function, [x, y, z])


def lane_sum(builder, value):
    """The sum of all lanes by a fixed tree: the upper half is added to the lower until one lane is left."""
    lanes = value.type.count
    while lanes > 1:
        lanes //= 2
        undefined = ir.Constant(value.type, ir.Undefined)
        low = ir.Constant(ir.VectorType(INT32, lanes), list(range(lanes)))
        high = ir.Constant(ir.VectorType(INT32, lanes), list(range(lanes, 2 * lanes)))
        value = builder.fadd(
            builder.shuffle_vector(value, undefined, low), builder.shuffle_vector(value, undefined, high)
        )
    return builder.extract_element(value, ir.Constant(INT32, 0))


def prefetch(builder, arena, index, *, write: bool) -> None:
    """Prefetches the cache line of arena[index], for a write or a read."""
    place = builder.bitcast(address(builder, arena, index), INT8.as_pointer())
    signature = ir.FunctionType(ir.VoidType(), [place.type, INT32, INT32, INT32])
    function = cgutils.get_or_insert_function(builder.module, signature, "llvm.prefetch.p0i8")
    builder.call(function, [place, ir.Constant(INT32, int(write)), ir.Constant(INT32, 3), ir.Constant(INT32, 1)])

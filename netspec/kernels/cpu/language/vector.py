"""float32 vectors for kernels written like scalar code: load, store, select, sum.

    x = load(tile, arena, i)
    store(arena, o, select(x > 0.0, x, x * slope))

Functions that create a vector take the kernel's zero-size `tile` first; its type gives the number of lanes. Indices
count float32 elements of the arena, need no alignment, and are neither checked nor wrapped. Operators are in
`vector_operators.py`, `exp` and other elementary functions in `vector_math.py`.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from netspec.kernels.cpu.language import (
    emit,
    vector_operators,  # noqa: F401  gives vectors their operators
)
from netspec.kernels.cpu.language.jit import routine
from netspec.kernels.cpu.language.vector_type import IntVector, Mask, Vector


def _place(builder, arena, index, element, lanes):
    """LLVM: a pointer to a vector at arena[index]"""
    return builder.bitcast(emit.address(builder, arena, index), emit.vector(lanes, element).as_pointer())


def _loading(kind, element):
    @intrinsic
    def load(_typing, tile, arena, index):
        lanes = tile.shape.lanes

        def codegen(_context, builder, _signature, arguments):
            _, memory, start = arguments
            return builder.load(_place(builder, memory, start, element, lanes), align=4)

        return kind(lanes)(tile, arena, types.intp), codegen

    return load


def _storing(kind, element):
    @intrinsic
    def store(_typing, arena, index, value):
        if not isinstance(value, kind):
            return None

        def codegen(context, builder, _signature, arguments):
            memory, start, register = arguments
            builder.store(register, _place(builder, memory, start, element, value.lanes), align=4)
            return context.get_dummy_value()

        return types.void(arena, types.intp, value), codegen

    return store


load = _loading(Vector, emit.FLOAT)
"""load(tile, arena, index): the numbers arena[index : +lanes]"""
load_integers = _loading(IntVector, emit.INT32)
"""load_integers(tile, arena, index): arena[index : +lanes] as 32-bit integers"""
store = _storing(Vector, emit.FLOAT)
"""store(arena, index, value): arena[index : +lanes] = value"""
store_integers = _storing(IntVector, emit.INT32)
"""store_integers(arena, index, value): the same for 32-bit integers"""


def _filling(kind, scalar):
    @intrinsic
    def fill(_typing, tile, value):
        lanes = tile.shape.lanes

        def codegen(_context, builder, _signature, arguments):
            return emit.splat(builder, arguments[1], lanes)

        return kind(lanes)(tile, scalar), codegen

    return fill


splat = _filling(Vector, types.float32)
"""splat(tile, value): `value` in every lane"""
splat_integer = _filling(IntVector, types.int32)
"""splat_integer(tile, value): the same for a 32-bit integer"""


@intrinsic
def lane_numbers(_typing, tile):
    """0, 1, … lanes - 1"""
    lanes = tile.shape.lanes
    numbers = ir.Constant(emit.vector(lanes, emit.INT32), list(range(lanes)))
    return IntVector(lanes)(tile), lambda *_: numbers


@routine
def first_lanes(tile, count):
    """Mask of the first `count` lanes; empty for count < 1, all lanes for count >= lanes."""
    return lane_numbers(tile) < count


@intrinsic
def select(_typing, mask, a, b):
    """Per lane `a` where the mask is true, else `b`; both may be scalars."""
    if not isinstance(mask, Mask):
        return None
    whole = all(isinstance(argument, IntVector | types.Integer) for argument in (a, b))
    kind, scalar = (IntVector(mask.lanes), types.int32) if whole else (Vector(mask.lanes), types.float32)
    first, second = (argument if argument == kind else scalar for argument in (a, b))

    def codegen(_context, builder, signature, arguments):
        values = [
            value if type_ == kind else emit.splat(builder, value, mask.lanes)
            for value, type_ in zip(arguments[1:], signature.args[1:], strict=True)
        ]
        return builder.select(arguments[0], *values)

    return kind(mask, first, second), codegen


@routine
def maximum(a, b):
    """Per lane the larger; `b` where either is NaN, so `maximum(0.0, x)` propagates a NaN of `x`."""
    return select(a > b, a, b)


@routine
def minimum(a, b):
    """Per lane the smaller; `b` where either is NaN."""
    return select(a < b, a, b)


@intrinsic
def fma(_typing, a, b, c):
    """a*b + c for a vector `a`, rounded once where the processor has FMA; `b` and `c` may be scalars."""
    operands = [argument if isinstance(argument, Vector) else types.float32 for argument in (a, b, c)]

    def codegen(_context, builder, signature, arguments):
        values = [
            value if isinstance(type_, Vector) else emit.splat(builder, value, a.lanes)
            for value, type_ in zip(arguments, signature.args, strict=True)
        ]
        return emit.fma(builder, *values)

    return a(*operands), codegen


def _mapping(name):
    @intrinsic
    def apply(_typing, value):
        def codegen(_context, builder, _signature, arguments):
            kind = arguments[0].type
            function = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(kind, [kind]), f"llvm.{name}.v{value.lanes}f32"
            )
            return builder.call(function, arguments)

        return value(value), codegen

    return apply


sqrt = _mapping("sqrt")
"""sqrt(value): the square root, correctly rounded; NaN below zero"""
floor = _mapping("floor")
"""floor(value): rounded down to a whole number"""


def _recast(source, target, element):
    @intrinsic
    def recast(_typing, value):
        if not isinstance(value, source):
            return None

        def codegen(_context, builder, _signature, arguments):
            return builder.bitcast(arguments[0], emit.vector(value.lanes, element))

        return target(value.lanes)(value), codegen

    return recast


float_bits = _recast(Vector, IntVector, emit.INT32)
"""float_bits(value): the bits of each float32 as an integer"""
bits_float = _recast(IntVector, Vector, emit.FLOAT)
"""bits_float(bits): the inverse of `float_bits`"""


@intrinsic
def to_float(_typing, value):
    """Signed integers as float32, rounded to nearest."""

    def codegen(_context, builder, _signature, arguments):
        return builder.sitofp(arguments[0], emit.vector(value.lanes))

    return Vector(value.lanes)(value), codegen


@intrinsic
def to_integer(_typing, value):
    """Numbers truncated towards zero to signed 32-bit integers; they must be in range."""

    def codegen(_context, builder, _signature, arguments):
        return builder.fptosi(arguments[0], emit.vector(value.lanes, emit.INT32))

    return IntVector(value.lanes)(value), codegen


@intrinsic
def high_product(_typing, value, factor):
    """The upper 32 bits of the unsigned 64-bit product with a scalar factor."""

    def codegen(_context, builder, _signature, arguments):
        lanes = value.lanes
        wide = emit.vector(lanes, emit.INT64)
        scalar = emit.splat(builder, arguments[1], lanes)
        product = builder.mul(builder.zext(arguments[0], wide), builder.zext(scalar, wide))
        upper = builder.lshr(product, ir.Constant(wide, [32] * lanes))
        return builder.trunc(upper, arguments[0].type)

    return value(value, types.uint32), codegen


@intrinsic
def at_most(_typing, value, bound):
    """Mask of value <= bound, unsigned; `bound` is a scalar."""

    def codegen(_context, builder, _signature, arguments):
        scalar = emit.splat(builder, arguments[1], value.lanes)
        return builder.icmp_unsigned("<=", arguments[0], scalar)

    return Mask(value.lanes)(value, types.uint32), codegen


@intrinsic
def sum_lanes(_typing, value):
    """The sum of all lanes as a scalar, by a fixed tree."""
    return types.float32(value), lambda _context, builder, _sig, arguments: emit.lane_sum(builder, arguments[0])


@intrinsic
def count_lanes(_typing, mask):
    """The number of lanes where the mask is true."""

    def codegen(_context, builder, _signature, arguments):
        bits = ir.IntType(mask.lanes)
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(bits, [bits]), f"llvm.ctpop.i{mask.lanes}"
        )
        return builder.zext(builder.call(function, [builder.bitcast(arguments[0], bits)]), emit.INT64)

    return types.intp(mask), codegen

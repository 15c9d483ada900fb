"""Views of memory beside the float32 arena: its int32 arrays, float64 bits in words, arrays at an address."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

FLOATS = types.CPointer(types.float32)
"""Type of the arena in kernels; an index is neither checked nor wrapped."""
INTEGERS = types.CPointer(types.int32)
WORDS = types.CPointer(types.int64)
BYTES = types.CPointer(types.uint8)


def _view(kind, element):
    """(kind, codegen) of a cast from an address or a pointer to a pointer to `element`."""

    def codegen(_context, builder, signature, arguments):
        (place,) = arguments
        if isinstance(signature.args[0], types.Integer):
            return builder.inttoptr(place, element.as_pointer())
        return builder.bitcast(place, element.as_pointer())

    return kind, codegen


@intrinsic
def integers(_typing, arena):
    """The arena as int32: `integers(arena)[index]`, with the same index as in float32."""
    kind, codegen = _view(INTEGERS, ir.IntType(32))
    return kind(arena), codegen


@intrinsic
def words_behind(_typing, arena, index):
    """The arena as int64 words from arena[index] on; `index` must be even."""

    def codegen(_context, builder, _signature, arguments):
        place = builder.gep(arguments[0], [arguments[1]], inbounds=True)
        return builder.bitcast(place, ir.IntType(64).as_pointer())

    return WORDS(arena, types.intp), codegen


@intrinsic
def floats_at(_typing, address):
    """float32 numbers at an address."""
    kind, codegen = _view(FLOATS, ir.FloatType())
    return kind(address), codegen


@intrinsic
def integers_at(_typing, address):
    """int32 numbers at an address."""
    kind, codegen = _view(INTEGERS, ir.IntType(32))
    return kind(address), codegen


@intrinsic
def words_at(_typing, address):
    """int64 words at an address."""
    kind, codegen = _view(WORDS, ir.IntType(64))
    return kind(address), codegen


@intrinsic
def bytes_at(_typing, address):
    """uint8 numbers at an address."""
    kind, codegen = _view(BYTES, ir.IntType(8))
    return kind(address), codegen


@intrinsic
def real(_typing, words, index):
    """words[index] as float64 bits, rounded to float32: real numbers of a descriptor or of the state."""

    def codegen(_context, builder, _signature, arguments):
        place = builder.gep(arguments[0], [arguments[1]], inbounds=True)
        wide = builder.load(builder.bitcast(place, ir.DoubleType().as_pointer()))
        return builder.fptrunc(wide, ir.FloatType())

    return types.float32(words, types.intp), codegen


@intrinsic
def store_real(_typing, words, index, value):
    """words[index] = the float64 bits of `value`"""

    def codegen(context, builder, _signature, arguments):
        place = builder.gep(arguments[0], [arguments[1]], inbounds=True)
        builder.store(arguments[2], builder.bitcast(place, ir.DoubleType().as_pointer()))
        return context.get_dummy_value()

    return types.void(words, types.intp, types.float64), codegen

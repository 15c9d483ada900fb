"""Products whose lanes hold output channels: a pixel's number in every lane times a vector of weights."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from netspec.kernels.cpu.language import emit
from netspec.kernels.cpu.language.tile import TileType

INDEX = types.intp


@intrinsic
def outer_spaced(_typing, registers, arena, w, x, x_step):
    """tile[r, c] += arena[x + r*x_step] * arena[w + c*lanes : +lanes]: rows are pixels, columns vectors of outputs"""
    shape = registers.shape

    def codegen(_context, builder, _signature, arguments):
        values, memory, w, x, step = arguments
        weights = [emit.load(builder, memory, w, shape.lanes, c * shape.lanes) for c in range(shape.columns)]
        for r in range(shape.rows):
            place = builder.add(x, emit.scaled(builder, step, r), flags=("nsw",))
            pixel = emit.broadcast(builder, memory, place, shape.lanes)
            for c in range(shape.columns):
                k = r * shape.columns + c
                total = emit.fma(builder, weights[c], pixel, builder.extract_value(values, k))
                values = builder.insert_value(values, total, k)
        return values

    return registers(registers, arena, INDEX, INDEX, INDEX), codegen


@intrinsic
def prefetch_columns(_typing, tile, arena, index):
    """Prefetches the lines of arena[index + c*lanes : +lanes] of all columns c for reading."""
    shape = tile.shape

    def codegen(context, builder, _signature, arguments):
        _, memory, start = arguments
        for c in range(shape.columns):
            emit.prefetch(builder, memory, builder.add(start, ir.Constant(emit.INT64, c * shape.lanes)), write=False)
        return context.get_dummy_value()

    return types.void(tile, arena, INDEX), codegen


@intrinsic
def columns_spread(_typing, tile, arena, index):
    """tile[r, c] = arena[index + c*lanes : +lanes]: a bias for each output, the same in every row"""
    shape = tile.shape

    def codegen(_context, builder, _signature, arguments):
        _, memory, start = arguments
        registers = ir.Constant(ir.ArrayType(emit.vector(shape.lanes), shape.rows * shape.columns), ir.Undefined)
        biases = [emit.load(builder, memory, start, shape.lanes, c * shape.lanes) for c in range(shape.columns)]
        for k in range(shape.rows * shape.columns):
            registers = builder.insert_value(registers, biases[k % shape.columns], k)
        return registers

    return TileType(shape)(tile, arena, INDEX), codegen


@intrinsic
def plus_vector(_typing, registers, amounts):
    """The tile with a vector added to every register."""
    shape = registers.shape

    def codegen(_context, builder, _signature, arguments):
        values, terms = arguments
        for k in range(shape.rows * shape.columns):
            values = builder.insert_value(values, builder.fadd(builder.extract_value(values, k), terms), k)
        return values

    return registers(registers, amounts), codegen

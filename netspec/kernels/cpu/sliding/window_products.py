"""Products of the taps of a window, each tap in a register: the inner loops of a depthwise convolution.

A tile has the size of the window. Neighbouring columns of a plane are a vector apart, its rows `x_row` float32 numbers.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from netspec.kernels.cpu.language import emit
from netspec.kernels.cpu.language.tile import TileType
from netspec.kernels.cpu.language.vector_type import Vector

INDEX = types.intp


def _cells(shape):
    """(number, i, j) of every tap"""
    return [(i * shape.columns + j, i, j) for i in range(shape.rows) for j in range(shape.columns)]


def _under(builder, memory, x, x_row, i: int, j: int, lanes: int):
    """The vector at tap i, j of the window whose first tap is at x."""
    return emit.load(builder, memory, builder.add(x, emit.scaled(builder, x_row, i)), lanes, j * lanes)


@intrinsic
def taps(_typing, tile, arena, w, i_step, j_step, i_count, j_count):
    """tile[i, j] = arena[w + i*i_step + j*j_step] in every lane; zeros for i >= i_count or j >= j_count."""
    shape = tile.shape

    def codegen(_context, builder, _signature, arguments):
        _, memory, w, down, across, i_count, j_count = arguments
        registers = ir.Constant(ir.ArrayType(emit.vector(shape.lanes), shape.rows * shape.columns), ir.Undefined)
        for k, i, j in _cells(shape):
            row, column = ir.Constant(emit.INT64, i), ir.Constant(emit.INT64, j)
            real = builder.and_(builder.icmp_signed("<", row, i_count), builder.icmp_signed("<", column, j_count))
            place = builder.add(w, builder.add(builder.mul(down, row), builder.mul(across, column)))
            read = builder.load(emit.address(builder, memory, builder.select(real, place, w)), align=4)
            factor = builder.select(real, read, ir.Constant(emit.FLOAT, 0.0))
            registers = builder.insert_value(registers, emit.splat(builder, factor, shape.lanes), k)
        return registers

    return TileType(shape)(tile, arena, *[INDEX] * 5), codegen


@intrinsic
def window_sum(_typing, weights, start, arena, x, x_row):
    """start + the sum of weights[i, j] * arena[x + i*x_row + j*lanes : +lanes]"""
    shape = weights.shape
    kind = Vector(shape.lanes)

    def codegen(_context, builder, _signature, arguments):
        factors, total, memory, x, x_row = arguments
        for k, i, j in _cells(shape):
            value = _under(builder, memory, x, x_row, i, j, shape.lanes)
            total = emit.fma(builder, value, builder.extract_value(factors, k), total)
        return total

    return kind(weights, kind, arena, INDEX, INDEX), codegen


@intrinsic
def correlate(_typing, registers, factor, arena, x, x_row):
    """tile[i, j] += factor * arena[x + i*x_row + j*lanes : +lanes], lane by lane"""
    shape = registers.shape

    def codegen(_context, builder, _signature, arguments):
        values, factor, memory, x, x_row = arguments
        for k, i, j in _cells(shape):
            value = _under(builder, memory, x, x_row, i, j, shape.lanes)
            total = emit.fma(builder, value, factor, builder.extract_value(values, k))
            values = builder.insert_value(values, total, k)
        return values

    return registers(registers, Vector(shape.lanes), arena, INDEX, INDEX), codegen

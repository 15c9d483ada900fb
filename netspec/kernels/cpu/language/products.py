"""Multiply-adds into a register tile: the inner loops of convolutions and dense layers.

Indices and steps count float32 elements of the arena; a step is the stride of rows, columns or positions.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from netspec.kernels.cpu.language import emit
from netspec.kernels.cpu.language.tile import TileShape

INDEX = types.intp


def _add_product(builder, registers, k, x, y):
    return builder.insert_value(registers, emit.fma(builder, x, y, builder.extract_value(registers, k)), k)


@intrinsic
def outer(_typing, registers, arena, x, x_step, w):
    """tile[r, c] += arena[w + r] * arena[x + c*x_step : +lanes]"""
    shape = registers.shape

    def codegen(_context, builder, _signature, arguments):
        values, memory, x, step, w = arguments
        data = [
            emit.load(builder, memory, builder.add(x, emit.scaled(builder, step, c)), shape.lanes)
            for c in range(shape.columns)
        ]
        for r in range(shape.rows):
            factor = emit.broadcast(builder, memory, w, shape.lanes, r)
            for c in range(shape.columns):
                values = _add_product(builder, values, r * shape.columns + c, data[c], factor)
        return values

    return registers(registers, arena, INDEX, INDEX, INDEX), codegen


def _run_intrinsic(run: int):
    """`outer` summed over `run` neighbouring taps; columns and taps are one vector apart, so that shared x are loaded
    once:

    tile[r, c] += sum over p of arena[w + p*rows + r] * arena[x + (c+p)*lanes : +lanes]
    """

    @intrinsic
    def outer_run(_typing, registers, arena, x, w):
        shape = registers.shape

        def codegen(_context, builder, _signature, arguments):
            values, memory, x, w = arguments
            data = [emit.load(builder, memory, x, shape.lanes, c * shape.lanes) for c in range(shape.columns - 1)]
            for p in range(run):
                data.append(emit.load(builder, memory, x, shape.lanes, len(data) * shape.lanes))
                for r in range(shape.rows):
                    factor = emit.broadcast(builder, memory, w, shape.lanes, p * shape.rows + r)
                    for c in range(shape.columns):
                        values = _add_product(builder, values, r * shape.columns + c, data[c + p], factor)
            return values

        return registers(registers, arena, INDEX, INDEX), codegen

    return outer_run


outer_run_3, outer_run_5 = _run_intrinsic(3), _run_intrinsic(5)


@intrinsic
def outer_inside(_typing, registers, arena, x, x_step, first, last, w):
    """As `outer`, for columns first … last - 1; the others stay, and their x is not read."""
    shape = registers.shape

    def codegen(_context, builder, _signature, arguments):
        values, memory, x, step, first, last, w = arguments

        def add(c: int, values):
            data = emit.load(builder, memory, builder.add(x, emit.scaled(builder, step, c)), shape.lanes)
            for r in range(shape.rows):
                factor = emit.broadcast(builder, memory, w, shape.lanes, r)
                values = _add_product(builder, values, r * shape.columns + c, data, factor)
            return values

        return _columns_inside(builder, shape, values, first, last, add)

    return registers(registers, arena, *[INDEX] * 5), codegen


def _columns_inside(builder, shape: TileShape, values, first, last, add):
    """The tile after `add(c, tile)` for each column c of first … last - 1. Each column has a branch, which is well
    predicted: borders are alike from row to row."""
    for c in range(shape.columns):
        number, before, start = ir.Constant(first.type, c), values, builder.block
        within = builder.and_(builder.icmp_signed("<=", first, number), builder.icmp_signed("<", number, last))
        with builder.if_then(within):
            added = add(c, before)
            end = builder.block
        values = builder.phi(before.type)
        values.add_incoming(before, start)
        values.add_incoming(added, end)
    return values


@intrinsic
def outer_lane(_typing, registers, arena, x, w):
    """tile[r, c] += arena[w + r*lanes] * arena[x + c*lanes : +lanes]: a row's factor is one lane of its vector."""
    shape = registers.shape

    def codegen(_context, builder, _signature, arguments):
        values, memory, x, w = arguments
        data = [emit.load(builder, memory, x, shape.lanes, c * shape.lanes) for c in range(shape.columns)]
        for r in range(shape.rows):
            factor = emit.broadcast(builder, memory, w, shape.lanes, r * shape.lanes)
            for c in range(shape.columns):
                values = _add_product(builder, values, r * shape.columns + c, data[c], factor)
        return values

    return registers(registers, arena, INDEX, INDEX), codegen


def _outer_rows(builder, shape: TileShape, arguments, row):
    """tile[r, c] += arena[w + row(r)*w_step] * arena[x + c*x_step : +lanes]"""
    values, memory, x, step, w, down = arguments
    data = [
        emit.load(builder, memory, builder.add(x, emit.scaled(builder, step, c)), shape.lanes)
        for c in range(shape.columns)
    ]
    for r in range(shape.rows):
        factor = emit.broadcast(builder, memory, builder.add(w, builder.mul(down, row(r))), shape.lanes)
        for c in range(shape.columns):
            values = _add_product(builder, values, r * shape.columns + c, data[c], factor)
    return values


@intrinsic
def outer_apart(_typing, registers, arena, x, x_step, w, w_step):
    """tile[r, c] += arena[w + r*w_step] * arena[x + c*x_step : +lanes]"""
    shape = registers.shape

    def codegen(_context, builder, _signature, arguments):
        return _outer_rows(builder, shape, arguments, lambda r: ir.Constant(emit.INT64, r))

    return registers(registers, arena, *[INDEX] * 4), codegen


@intrinsic
def outer_clamped(_typing, registers, arena, x, x_step, w, w_step, count):
    """As `outer_apart`; rows from `count` on repeat the last."""
    shape = registers.shape

    def codegen(_context, builder, _signature, arguments):
        *places, count = arguments
        return _outer_rows(builder, shape, places, lambda r: emit.clamped(builder, r, count))

    return registers(registers, arena, *[INDEX] * 5), codegen


def _add_crossed(builder, shape: TileShape, values, left, right):
    """tile[r, c] += left(r) * right(c). To use few registers, the shorter side's vectors are loaded once and kept, and
    those of the longer side are loaded one at a time."""
    if shape.rows <= shape.columns:
        kept = [left(r) for r in range(shape.rows)]
        for c in range(shape.columns):
            passing = right(c)
            for r in range(shape.rows):
                values = _add_product(builder, values, r * shape.columns + c, kept[r], passing)
        return values
    kept = [right(c) for c in range(shape.columns)]
    for r in range(shape.rows):
        passing = left(r)
        for c in range(shape.columns):
            values = _add_product(builder, values, r * shape.columns + c, passing, kept[c])
    return values


def _loading(builder, memory, start, step, lanes: int):
    """A function that emits the load of vector k at `start + k*step`."""
    return lambda k: emit.load(builder, memory, builder.add(start, emit.scaled(builder, step, k)), lanes)


@intrinsic
def scaled_sum(_typing, registers, factor, others):
    """tile[r, c] * factor + others[r, c]"""
    shape = registers.shape

    def codegen(_context, builder, _signature, arguments):
        values, factor, others = arguments
        scale = emit.splat(builder, factor, shape.lanes)
        for k in range(shape.rows * shape.columns):
            value, other = builder.extract_value(values, k), builder.extract_value(others, k)
            values = builder.insert_value(values, emit.fma(builder, value, scale, other), k)
        return values

    return registers(registers, types.float32, registers), codegen


@intrinsic
def cross(_typing, registers, arena, x, x_step, g, g_step):
    """tile[r, c] += arena[g + r*g_step : +lanes] * arena[x + c*x_step : +lanes], lane by lane"""
    shape = registers.shape

    def codegen(_context, builder, _signature, arguments):
        values, memory, x, across, g, down = arguments
        left = _loading(builder, memory, g, down, shape.lanes)
        return _add_crossed(builder, shape, values, left, _loading(builder, memory, x, across, shape.lanes))

    return registers(registers, arena, *[INDEX] * 4), codegen


@intrinsic
def cross_inside(_typing, registers, arena, x, x_step, first, last, g, g_step):
    """As `cross`, for columns first … last - 1; the others stay, and their x is not read."""
    shape = registers.shape

    def codegen(_context, builder, _signature, arguments):
        values, memory, x, across, first, last, g, down = arguments
        left = [_loading(builder, memory, g, down, shape.lanes)(r) for r in range(shape.rows)]
        right = _loading(builder, memory, x, across, shape.lanes)

        def add(c: int, values):
            column = right(c)
            for r in range(shape.rows):
                values = _add_product(builder, values, r * shape.columns + c, left[r], column)
            return values

        return _columns_inside(builder, shape, values, first, last, add)

    return registers(registers, arena, *[INDEX] * 6), codegen


RUN = 4
"""neighbouring positions that one `cross_run` sums"""


@intrinsic
def cross_run(_typing, registers, arena, x, g, g_step):
    """`cross` summed over a run of neighbouring positions; columns are one vector apart, so each x is loaded once:

    tile[r, c] += sum over p of arena[g + r*g_step + p*lanes : +lanes] * arena[x + (c+p)*lanes : +lanes]
    """
    shape = registers.shape

    def codegen(_context, builder, _signature, arguments):
        values, memory, x, g, down = arguments
        right = [emit.load(builder, memory, x, shape.lanes, c * shape.lanes) for c in range(shape.columns + RUN - 1)]
        heads = [builder.add(g, emit.scaled(builder, down, r)) for r in range(shape.rows)]
        for p in range(RUN):
            for r in range(shape.rows):
                left = emit.load(builder, memory, heads[r], shape.lanes, p * shape.lanes)
                for c in range(shape.columns):
                    values = _add_product(builder, values, r * shape.columns + c, left, right[c + p])
        return values

    return registers(registers, arena, *[INDEX] * 3), codegen


@intrinsic
def accumulate(_typing, registers, arena, x, row_step, column_step):
    """tile[r, c] += arena[x + r*row_step + c*column_step : +lanes]"""
    shape = registers.shape

    def codegen(_context, builder, _signature, arguments):
        values, memory, x, down, across = arguments
        for r in range(shape.rows):
            for c in range(shape.columns):
                k = r * shape.columns + c
                head = builder.add(x, emit.scaled(builder, down, r))
                term = emit.load(builder, memory, builder.add(head, emit.scaled(builder, across, c)), shape.lanes)
                values = builder.insert_value(values, builder.fadd(builder.extract_value(values, k), term), k)
        return values

    return registers(registers, arena, *[INDEX] * 3), codegen

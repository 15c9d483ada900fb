"""A register tile as a Numba type: rows x columns vectors of `lanes` float32 that LLVM keeps in registers.

`TileShape` is the zero-size first argument of every kernel. Its type carries the shape, so one function serves every
tile; sizes and strides are run-time arguments. Indices count float32 elements of the arena. `r` is a row of the tile,
`c` a column. `products.py` adds products to a tile.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from dataclasses import dataclass, replace

from llvmlite import ir
from numba import types
from numba.core.imputils import lower_constant
from numba.extending import intrinsic, models, register_model, typeof_impl

from netspec.kernels.cpu.language import emit
from netspec.targets.cpu.processor import CpuTarget
from netspec.targets.cpu.program import Tile


@dataclass(frozen=True, slots=True)
class TileShape:
    """rows x columns vectors of `lanes` float32 numbers, on a processor with `registers` vector registers."""

    rows: int
    columns: int
    lanes: int
    registers: int

    def __str__(self) -> str:
        return f"{self.rows}x{self.columns}x{self.lanes}r{self.registers}"


def tile_shape(tile: Tile, target: CpuTarget) -> TileShape:
    """The shape of a planned tile on a target."""
    return TileShape(tile.rows, tile.columns, target.lanes, target.registers)


class TileShapeType(types.Type):
    """Numba type of a tile shape: an argument without run-time content."""

    def __init__(self, shape: TileShape) -> None:
        self.shape = shape
        super().__init__(name=f"TileShape({shape})")


class TileType(types.Type):
    """Numba type of a tile's registers."""

    def __init__(self, shape: TileShape) -> None:
        self.shape = shape
        super().__init__(name=f"Tile({shape})")


register_model(TileShapeType)(models.OpaqueModel)


@register_model(TileType)
class TileModel(models.PrimitiveModel):
    """An LLVM array of rows x columns vectors."""

    def __init__(self, manager, kind: TileType) -> None:
        shape = kind.shape
        super().__init__(manager, kind, ir.ArrayType(emit.vector(shape.lanes), shape.rows * shape.columns))


@typeof_impl.register(TileShape)
def _typeof_tile_shape(shape, _context):
    return TileShapeType(shape)


@lower_constant(TileShapeType)
def _lower_tile_shape(context, _builder, _type, _value):
    return context.get_dummy_value()


def _number(of):
    """codegen of the constant `of(shape)`"""

    def codegen(_context, _builder, signature, _arguments):
        return ir.Constant(emit.INT64, of(signature.args[0].shape))

    return codegen


@intrinsic
def rows(_typing, tile):
    """The number of rows of a tile shape."""
    return types.intp(tile), _number(lambda shape: shape.rows)


@intrinsic
def columns(_typing, tile):
    """The number of columns of a tile shape."""
    return types.intp(tile), _number(lambda shape: shape.columns)


@intrinsic
def lanes(_typing, tile):
    """The number of lanes of a tile shape."""
    return types.intp(tile), _number(lambda shape: shape.lanes)


@intrinsic
def narrow(_typing, tile):
    """The tile shape with the same rows and one column, for borders and remainders."""
    shape = tile.shape
    return TileShapeType(replace(shape, columns=1))(tile), lambda context, *_: context.get_dummy_value()


def _cells(shape: TileShape):
    """(number, r, c) of every register of a tile"""
    return [(r * shape.columns + c, r, c) for r in range(shape.rows) for c in range(shape.columns)]


@intrinsic
def zeros(_typing, tile):
    """tile[r, c] = 0"""
    shape = tile.shape

    def codegen(_context, _builder, _signature, _arguments):
        zero = emit.constant(shape.lanes, 0.0)
        count = shape.rows * shape.columns
        return ir.Constant(ir.ArrayType(emit.vector(shape.lanes), count), [zero] * count)

    return TileType(shape)(tile), codegen


@intrinsic
def spread(_typing, tile, arena, index, count):
    """tile[r, c] = arena[index + r] in every lane, a bias per row; rows from `count` on repeat row count - 1."""
    shape = tile.shape

    def codegen(_context, builder, _signature, arguments):
        _, memory, start, count = arguments
        registers = ir.Constant(ir.ArrayType(emit.vector(shape.lanes), shape.rows * shape.columns), ir.Undefined)
        places = [builder.add(start, emit.clamped(builder, r, count)) for r in range(shape.rows)]
        values = [emit.broadcast(builder, memory, place, shape.lanes) for place in places]
        for k, r, _ in _cells(shape):
            registers = builder.insert_value(registers, values[r], k)
        return registers

    return TileType(shape)(tile, arena, types.intp, types.intp), codegen


@intrinsic
def load(_typing, tile, arena, index, row_step, column_step, count):
    """tile[r, c] = arena[index + r*row_step + c*column_step : +lanes]; rows from `count` on repeat row count - 1."""
    shape = tile.shape

    def codegen(_context, builder, _signature, arguments):
        _, memory, start, down, across, count = arguments
        registers = ir.Constant(ir.ArrayType(emit.vector(shape.lanes), shape.rows * shape.columns), ir.Undefined)
        heads = [builder.add(start, builder.mul(down, emit.clamped(builder, r, count))) for r in range(shape.rows)]
        for k, r, c in _cells(shape):
            index = builder.add(heads[r], emit.scaled(builder, across, c))
            registers = builder.insert_value(registers, emit.load(builder, memory, index, shape.lanes), k)
        return registers

    return TileType(shape)(tile, arena, types.intp, types.intp, types.intp, types.intp), codegen


@intrinsic
def save(_typing, registers, arena, index, row_step, column_step, count):
    """arena[index + r*row_step + c*column_step : +lanes] = tile[r, c] for r < count"""
    shape = registers.shape

    def store_row(builder, arguments, r):
        values, memory, start, down, across, _ = arguments
        head = builder.add(start, emit.scaled(builder, down, r))
        for c in range(shape.columns):
            place = builder.add(head, emit.scaled(builder, across, c))
            emit.store(builder, builder.extract_value(values, r * shape.columns + c), memory, place)

    def codegen(context, builder, _signature, arguments):
        whole = builder.icmp_signed(">=", arguments[5], ir.Constant(emit.INT64, shape.rows))
        with builder.if_else(whole) as (complete, partial):
            with complete:
                for r in range(shape.rows):
                    store_row(builder, arguments, r)
            with partial:
                for r in range(shape.rows - 1):
                    with builder.if_then(builder.icmp_signed("<", ir.Constant(emit.INT64, r), arguments[5])):
                        store_row(builder, arguments, r)
        return context.get_dummy_value()

    return types.void(registers, arena, *[types.intp] * 4), codegen


@intrinsic
def lane_sums(_typing, registers, arena, index, row_step, column_step):
    """arena[index + r*row_step + c*column_step] = the sum of the lanes of tile[r, c], by a fixed tree"""
    shape = registers.shape

    def codegen(context, builder, _signature, arguments):
        values, memory, start, down, across = arguments
        for k, r, c in _cells(shape):
            place = builder.add(builder.add(start, emit.scaled(builder, down, r)), emit.scaled(builder, across, c))
            total = emit.lane_sum(builder, builder.extract_value(values, k))
            builder.store(total, emit.address(builder, memory, place), align=4)
        return context.get_dummy_value()

    return types.void(registers, arena, *[types.intp] * 3), codegen


@intrinsic
def rectify(_typing, registers):
    """tile[r, c] = 0 where below 0; NaN stays."""
    shape = registers.shape

    def codegen(_context, builder, _signature, arguments):
        (values,) = arguments
        zero = emit.constant(shape.lanes, 0.0)
        for k in range(shape.rows * shape.columns):
            register = builder.extract_value(values, k)
            below = builder.fcmp_ordered("<", register, zero)
            values = builder.insert_value(values, builder.select(below, zero, register), k)
        return values

    return registers(registers), codegen


@intrinsic
def clamp(_typing, registers, low, high):
    """tile[r, c] = low where below it, high where above it; NaN stays."""
    shape = registers.shape

    def codegen(_context, builder, _signature, arguments):
        values, low, high = arguments
        lowest, highest = (emit.splat(builder, bound, shape.lanes) for bound in (low, high))
        for k in range(shape.rows * shape.columns):
            register = builder.extract_value(values, k)
            register = builder.select(builder.fcmp_ordered("<", register, lowest), lowest, register)
            register = builder.select(builder.fcmp_ordered(">", register, highest), highest, register)
            values = builder.insert_value(values, register, k)
        return values

    return registers(registers, types.float32, types.float32), codegen


@intrinsic
def prefetch(_typing, tile, arena, index, row_step, column_step, count):
    """Prefetches the cache lines that `save` of such a tile will write, to overlap with the sums."""
    shape = tile.shape

    def codegen(context, builder, _signature, arguments):
        _, memory, start, down, across, count = arguments
        for r in range(shape.rows):
            head = builder.add(start, builder.mul(down, emit.clamped(builder, r, count)))
            for c in range(shape.columns):
                emit.prefetch(builder, memory, builder.add(head, emit.scaled(builder, across, c)), write=True)
        return context.get_dummy_value()

    return types.void(tile, arena, *[types.intp] * 4), codegen

"""The transforms of Winograd's convolution: the rules of `matrices.py`, applied to tiles of vectors."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from netspec.kernels.cpu.language import emit
from netspec.kernels.cpu.language.tile import TileType
from netspec.kernels.cpu.winograd.matrices import (
    by_table,
    cotangents_4_rule,
    filter_matrix,
    input_rule,
    output_4_rule,
    output_matrix,
    transposed,
)
from netspec.targets.cpu.winograd_tiles import INPUT_TILE


@dataclass(frozen=True, slots=True)
class _Vector:
    """A vector register with the operations of a rule."""

    builder: Any
    value: Any

    def __add__(self, other: _Vector) -> _Vector:
        return _Vector(self.builder, self.builder.fadd(self.value, other.value))

    def __sub__(self, other: _Vector) -> _Vector:
        return _Vector(self.builder, self.builder.fsub(self.value, other.value))

    def times(self, factor: float) -> _Vector:
        return _Vector(self.builder, self.builder.fmul(self.value, self._splat(factor)))

    def plus(self, factor: float, other: _Vector) -> _Vector:
        return _Vector(self.builder, emit.fma(self.builder, other.value, self._splat(factor), self.value))

    def _splat(self, factor: float) -> Any:
        return emit.constant(self.value.type.count, factor)


def _transform_columns(builder, rule, columns):
    """A rule applied to the columns of a tile, as rows of vectors; `columns` yields column after column, so that few
    vectors are live at a time."""
    results = [rule([_Vector(builder, vector) for vector in column]) for column in columns]
    return [list(row) for row in zip(*results, strict=True)]


def _places(builder, size, start, down, across):
    """The indices of the vectors of a tile, column after column: vector i, j at start + i*down + j*across."""
    for j in range(size):
        head = builder.add(start, emit.scaled(builder, across, j))
        yield [builder.add(head, emit.scaled(builder, down, i)) for i in range(size)]


def _load_columns(builder, size, memory, start, down, across, lanes):
    """The columns of a tile."""
    for places in _places(builder, size, start, down, across):
        yield [emit.load(builder, memory, place, lanes) for place in places]


def _load_columns_within(builder, memory, start, down, across, lanes, bounds, zeros):
    """As `_load_columns`, of a tile of which only rows and columns within `bounds` (first row, last, first column,
    last) exist; `zeros` is the index of a vector that replaces the others."""
    numbers = [ir.Constant(emit.INT64, k) for k in range(INPUT_TILE)]

    def inside(first, last):
        return [builder.and_(builder.icmp_signed("<=", first, k), builder.icmp_signed("<", k, last)) for k in numbers]

    rows, columns = inside(*bounds[:2]), inside(*bounds[2:])
    for column, places in zip(columns, _places(builder, INPUT_TILE, start, down, across), strict=True):
        real = [builder.and_(row, column) for row in rows]
        found = [builder.select(here, place, zeros) for here, place in zip(real, places, strict=True)]
        yield [emit.load(builder, memory, place, lanes) for place in found]


def _store_transformed(builder, rule, half, memory, into, down, across):
    """A rule applied to rows of vectors; results to memory[into + i*down + j*across]."""
    for i, row in enumerate(half):
        head = builder.add(into, emit.scaled(builder, down, i))
        for j, vector in enumerate(rule(row)):
            emit.store(builder, vector.value, memory, builder.add(head, emit.scaled(builder, across, j)))


def _memory_to_memory(rule, size: int):
    """An intrinsic that transforms a tile of size x size vectors from one place in memory to another."""

    @intrinsic
    def transform(_typing, tile, arena, x, x_down, x_across, y, y_down, y_across):
        lanes = tile.shape.lanes

        def codegen(context, builder, _signature, arguments):
            _, memory, start, down, across, *result = arguments
            half = _transform_columns(builder, rule, _load_columns(builder, size, memory, start, down, across, lanes))
            _store_transformed(builder, rule, half, memory, *result)
            return context.get_dummy_value()

        return types.void(tile, arena, *[types.intp] * 6), codegen

    return transform


@intrinsic
def transform_input_within(_typing, tile, arena, x, x_down, x_across, i0, i1, j0, j1, zeros, y, y_down, y_across):
    """As `transform_input`, of a tile that crosses the edge of its map: rows i0 … i1 and columns j0 … j1 exist. The
    vector at `zeros` replaces all others."""
    lanes = tile.shape.lanes

    def codegen(context, builder, _signature, arguments):
        _, memory, start, down, across, *bounds = arguments[:9]
        columns = _load_columns_within(builder, memory, start, down, across, lanes, bounds, arguments[9])
        _store_transformed(
            builder, input_rule, _transform_columns(builder, input_rule, columns), memory, *arguments[10:]
        )
        return context.get_dummy_value()

    return types.void(tile, arena, *[types.intp] * 11), codegen


def _memory_to_registers(rule, side: int):
    """An intrinsic that transforms 6x6 products in memory to a register tile of side x side outputs."""

    @intrinsic
    def transform(_typing, tile, arena, x, x_down, x_across):
        kind = TileType(replace(tile.shape, rows=side, columns=side))

        def codegen(_context, builder, _signature, arguments):
            registers = ir.Constant(ir.ArrayType(emit.vector(tile.shape.lanes), side * side), ir.Undefined)
            half = _transform_columns(
                builder, rule, _load_columns(builder, INPUT_TILE, *arguments[1:], tile.shape.lanes)
            )
            results = [vector.value for row in half for vector in rule(row)]
            for k, vector in enumerate(results):
                registers = builder.insert_value(registers, vector, k)
            return registers

        return kind(tile, arena, *[types.intp] * 3), codegen

    return transform


transform_input = _memory_to_memory(input_rule, INPUT_TILE)
"""transform_input(tile, arena, x, x_down, x_across, y, y_down, y_across): a 6x6 input tile at x becomes 6x6 vectors at
y"""
transform_filter_3 = _memory_to_memory(by_table(filter_matrix(3)), 3)
"""The same from a 3x3 filter."""
transform_filter_5 = _memory_to_memory(by_table(filter_matrix(5)), 5)
"""The same from a 5x5 filter."""
transform_cotangents_4 = _memory_to_memory(cotangents_4_rule, 4)
"""The same from the cotangents of 4x4 outputs."""
transform_cotangents_2 = _memory_to_memory(by_table(transposed(output_matrix(2))), 2)
"""The same from the cotangents of 2x2 outputs."""
transform_gradient_3 = _memory_to_memory(by_table(transposed(filter_matrix(3))), INPUT_TILE)
"""The gradient of a 3x3 filter, 3x3 vectors at y, from 6x6 sums of products at x."""
transform_gradient_5 = _memory_to_memory(by_table(transposed(filter_matrix(5))), INPUT_TILE)
"""The same of a 5x5 filter."""
transform_output_4 = _memory_to_registers(output_4_rule, 4)
"""transform_output_4(tile, arena, x, x_down, x_across): 6x6 products at x become a register tile of 4x4 outputs"""
transform_output_2 = _memory_to_registers(by_table(output_matrix(2)), 2)
"""The same of 2x2 outputs."""


@intrinsic
def plus_scalar(_typing, registers, amount):
    """The register tile with a number added to every lane of every register."""
    shape = registers.shape

    def codegen(_context, builder, _signature, arguments):
        values, number = arguments
        term = emit.splat(builder, number, shape.lanes)
        for k in range(shape.rows * shape.columns):
            values = builder.insert_value(values, builder.fadd(builder.extract_value(values, k), term), k)
        return values

    return registers(registers, types.float32), codegen

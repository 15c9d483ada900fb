"""The transforms of Winograd's convolution: the rules of `matrices.py`, applied to patches of vectors."""
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
    output_matrix,
    outputs_4_rule,
    transposed,
)
from netspec.targets.cpu.patches import PATCH


@dataclass(frozen=True, slots=True)
class _Vector:
    """A vector register as rules see it."""

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


def _halfway(builder, rule, patch):
    """A rule applied to the columns of a patch, as rows of vectors; `patch` gives column after column, so that few
    vectors of it are live at a time."""
    columns = [rule([_Vector(builder, vector) for vector in column]) for column in patch]
    return [list(row) for row in zip(*columns, strict=True)]


def _places(builder, size, start, down, across):
    """Where the vectors of a patch lie, column after column: vector i, j at start + i*down + j*across."""
    for j in range(size):
        head = builder.add(start, emit.scaled(builder, across, j))
        yield [builder.add(head, emit.scaled(builder, down, i)) for i in range(size)]


def _patch(builder, size, memory, start, down, across, lanes):
    """The columns of a patch."""
    for places in _places(builder, size, start, down, across):
        yield [emit.load(builder, memory, place, lanes) for place in places]


def _patch_within(builder, memory, start, down, across, lanes, bounds, zeros):
    """As `_patch`, where of all rows and columns only those within `bounds` (first row, last, first column, last) are
    there; `zeros` is the place of the vector that stands for the others."""
    numbers = [ir.Constant(emit.INT64, k) for k in range(PATCH)]

    def inside(first, last):
        return [builder.and_(builder.icmp_signed("<=", first, k), builder.icmp_signed("<", k, last)) for k in numbers]

    rows, columns = inside(*bounds[:2]), inside(*bounds[2:])
    for column, places in zip(columns, _places(builder, PATCH, start, down, across), strict=True):
        real = [builder.and_(row, column) for row in rows]
        found = [builder.select(here, place, zeros) for here, place in zip(real, places, strict=True)]
        yield [emit.load(builder, memory, place, lanes) for place in found]


def _give(builder, rule, half, memory, into, down, across):
    """A rule applied to rows of vectors; results to memory[into + i*down + j*across]."""
    for i, row in enumerate(half):
        head = builder.add(into, emit.scaled(builder, down, i))
        for j, vector in enumerate(rule(row)):
            emit.store(builder, vector.value, memory, builder.add(head, emit.scaled(builder, across, j)))


def _moving(rule, size: int):
    """An intrinsic that transforms a patch of size x size vectors from one place in memory to another."""

    @intrinsic
    def move(_typing, tile, arena, x, x_down, x_across, y, y_down, y_across):
        lanes = tile.shape.lanes

        def codegen(context, builder, _signature, arguments):
            _, memory, start, down, across, *result = arguments
            half = _halfway(builder, rule, _patch(builder, size, memory, start, down, across, lanes))
            _give(builder, rule, half, memory, *result)
            return context.get_dummy_value()

        return types.void(tile, arena, *[types.intp] * 6), codegen

    return move


@intrinsic
def transform_input_within(_typing, tile, arena, x, x_down, x_across, i0, i1, j0, j1, zeros, y, y_down, y_across):
    """As `transform_input`, of a patch that hangs over the edge of its map: rows i0 … i1 and columns j0 … j1 are
    there. The vector at `zeros` stands for all others."""
    lanes = tile.shape.lanes

    def codegen(context, builder, _signature, arguments):
        _, memory, start, down, across, *bounds = arguments[:9]
        patch = _patch_within(builder, memory, start, down, across, lanes, bounds, arguments[9])
        _give(builder, input_rule, _halfway(builder, input_rule, patch), memory, *arguments[10:])
        return context.get_dummy_value()

    return types.void(tile, arena, *[types.intp] * 11), codegen


def _gathering(rule, side: int):
    """An intrinsic that transforms 6x6 products in memory into a tile of side x side registers."""

    @intrinsic
    def gather(_typing, tile, arena, x, x_down, x_across):
        kind = TileType(replace(tile.shape, rows=side, columns=side))

        def codegen(_context, builder, _signature, arguments):
            registers = ir.Constant(ir.ArrayType(emit.vector(tile.shape.lanes), side * side), ir.Undefined)
            half = _halfway(builder, rule, _patch(builder, PATCH, *arguments[1:], tile.shape.lanes))
            results = [vector.value for row in half for vector in rule(row)]
            for k, vector in enumerate(results):
                registers = builder.insert_value(registers, vector, k)
            return registers

        return kind(tile, arena, *[types.intp] * 3), codegen

    return gather


transform_input = _moving(input_rule, PATCH)
"""transform_input(tile, arena, x, x_down, x_across, y, y_down, y_across): a 6x6 patch at x becomes 6x6 vectors at y"""
transform_filter_3 = _moving(by_table(filter_matrix(3)), 3)
"""The same from a 3x3 kernel."""
transform_filter_5 = _moving(by_table(filter_matrix(5)), 5)
"""The same from a 5x5 kernel."""
transform_cotangents_4 = _moving(cotangents_4_rule, 4)
"""The same from the cotangents of 4x4 outputs."""
transform_cotangents_2 = _moving(by_table(transposed(output_matrix(2))), 2)
"""The same from the cotangents of 2x2 outputs."""
kernel_gradient_3 = _moving(by_table(transposed(filter_matrix(3))), PATCH)
"""The gradient of a 3x3 kernel, 3x3 vectors at y, from 6x6 sums of products at x."""
kernel_gradient_5 = _moving(by_table(transposed(filter_matrix(5))), PATCH)
"""The same of a 5x5 kernel."""
outputs_4 = _gathering(outputs_4_rule, 4)
"""outputs_4(tile, arena, x, x_down, x_across): 6x6 products at x become a tile of 4x4 outputs"""
outputs_2 = _gathering(by_table(output_matrix(2)), 2)
"""The same of 2x2 outputs."""


@intrinsic
def raised(_typing, registers, amount):
    """The tile with a number added to every lane of every register."""
    shape = registers.shape

    def codegen(_context, builder, _signature, arguments):
        values, number = arguments
        term = emit.splat(builder, number, shape.lanes)
        for k in range(shape.rows * shape.columns):
            values = builder.insert_value(values, builder.fadd(builder.extract_value(values, k), term), k)
        return values

    return registers(registers, types.float32), codegen

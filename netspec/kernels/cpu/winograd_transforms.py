"""The transforms of Winograd's convolution: a small matrix applied to both sides of a patch of vectors.

Six points make one engine of 6x6 patches: F(4x4, 3x3) gives 4x4 outputs of a 3x3 kernel, F(2x2, 5x5) gives 2x2
outputs of a 5x5 kernel, each from a 6x6 patch of the input by 36 products instead of 144 or 100. With the tables below

    outputs = OUTPUT [(FILTER kernel FILTER^T) * (INPUT patch INPUT^T)] OUTPUT^T

where * multiplies number by number. The gradient of a kernel is the transpose of that, summed over all patches,

    gradient = FILTER^T [sum of (OUTPUT^T cotangents OUTPUT) * (INPUT patch INPUT^T)] FILTER

A row of INPUT is a Lagrange polynomial of the points, scaled to have whole
numbers or halves; FILTER undoes the scale. (Lavin and Gray, arXiv:1509.09308. The points 0, 1, -1, 2, -1/2 and
infinity err up to three times less than the usual 0, 1, -1, 2, -2: see docs/numerics.md.)
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from fractions import Fraction

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from netspec.kernels.cpu import emit
from netspec.kernels.cpu.tile import TileShape, TileType

POINTS = (0, 1, -1, 2, Fraction(-1, 2))
"""the sixth is infinity"""
SIZE = len(POINTS) + 1
"""rows and columns of a patch"""
PRODUCTS = SIZE * SIZE

INPUT = (
    (1, 1.5, -2, -1.5, 1, 0),
    (0, 2, 5, 1, -2, 0),
    (0, 2, 1, -5, 2, 0),
    (0, -1, -2, 1, 2, 0),
    (0, -2, 1, 2, -1, 0),
    (0, 1, 1.5, -2, -1.5, 1),
)
SCALES = (1, Fraction(1, 6), Fraction(1, 6), Fraction(1, 30), Fraction(16, 15), 1)
"""What FILTER multiplies each of its rows by."""

Matrix = tuple[tuple[float, ...], ...]


def _powers(count: int) -> list[list[Fraction]]:
    """A row a point: its powers 0 … count - 1; of infinity only the highest counts."""
    finite = [[Fraction(point) ** k for k in range(count)] for point in POINTS]
    return [*finite, [Fraction(k == count - 1) for k in range(count)]]


def filter_matrix(taps: int) -> Matrix:
    """FILTER for kernels of taps x taps: 6 x taps."""
    return tuple(tuple(float(scale * x) for x in row) for scale, row in zip(SCALES, _powers(taps), strict=True))


def output_matrix(side: int) -> Matrix:
    """OUTPUT for side x side outputs: side x 6."""
    return tuple(tuple(float(x) for x in column) for column in zip(*_powers(side), strict=True))


def _transpose(matrix: Matrix) -> Matrix:
    return tuple(zip(*matrix, strict=True))


def _combined(builder, row, vectors):
    """The sum of row[k] * vectors[k], zeros left out, ones not multiplied by."""
    total = None
    for factor, vector in zip(row, vectors, strict=True):
        if factor == 0:
            continue
        if total is None:
            scaled = builder.fmul(vector, emit.constant(vector.type.count, factor))
            total = vector if factor == 1 else scaled
        elif factor == 1:
            total = builder.fadd(total, vector)
        elif factor == -1:
            total = builder.fsub(total, vector)
        else:
            total = emit.fma(builder, vector, emit.constant(vector.type.count, factor), total)
    return total


def _halfway(builder, matrix, memory, start, down, across, lanes):
    """matrix @ patch, as rows of vectors: column after column, so that few vectors of the patch are live at a time.

    patch[i, j] is the vector at memory[start + i*down + j*across].
    """
    size = len(matrix[0])
    columns = []
    for j in range(size):
        head = builder.add(start, emit.scaled(builder, across, j))
        places = [builder.add(head, emit.scaled(builder, down, i)) for i in range(size)]
        patch = [emit.load(builder, memory, place, lanes) for place in places]
        columns.append([_combined(builder, row, patch) for row in matrix])
    return [list(row) for row in zip(*columns, strict=True)]


def _moving(matrix: Matrix):
    """An intrinsic that transforms a patch from one place in memory to another."""

    @intrinsic
    def move(_typing, tile, arena, x, x_down, x_across, y, y_down, y_across):
        lanes = tile.shape.lanes

        def codegen(context, builder, _signature, arguments):
            _, memory, start, down, across, into, result_down, result_across = arguments
            for i, half in enumerate(_halfway(builder, matrix, memory, start, down, across, lanes)):
                head = builder.add(into, emit.scaled(builder, result_down, i))
                for j, row in enumerate(matrix):
                    place = builder.add(head, emit.scaled(builder, result_across, j))
                    emit.store(builder, _combined(builder, row, half), memory, place)
            return context.get_dummy_value()

        return types.void(tile, arena, *[types.intp] * 6), codegen

    return move


def _gathering(matrix: Matrix):
    """An intrinsic that transforms a patch in memory into a tile of registers."""
    side = len(matrix)

    @intrinsic
    def gather(_typing, tile, arena, x, x_down, x_across):
        kind = TileType(TileShape(side, side, tile.shape.lanes))

        def codegen(_context, builder, _signature, arguments):
            _, memory, start, down, across = arguments
            registers = ir.Constant(ir.ArrayType(emit.vector(tile.shape.lanes), side * side), ir.Undefined)
            for i, half in enumerate(_halfway(builder, matrix, memory, start, down, across, tile.shape.lanes)):
                for j, row in enumerate(matrix):
                    registers = builder.insert_value(registers, _combined(builder, row, half), i * side + j)
            return registers

        return kind(tile, arena, *[types.intp] * 3), codegen

    return gather


transform_input = _moving(INPUT)
"""transform_input(tile, arena, x, x_down, x_across, y, y_down, y_across): a 6x6 patch at x becomes 6x6 vectors at y"""
transform_filter_3 = _moving(filter_matrix(3))
"""The same from a 3x3 kernel."""
transform_filter_5 = _moving(filter_matrix(5))
"""The same from a 5x5 kernel."""
transform_cotangents_4 = _moving(_transpose(output_matrix(4)))
"""The same from the cotangents of 4x4 outputs."""
transform_cotangents_2 = _moving(_transpose(output_matrix(2)))
"""The same from the cotangents of 2x2 outputs."""
kernel_gradient_3 = _moving(_transpose(filter_matrix(3)))
"""The gradient of a 3x3 kernel, 3x3 vectors at y, from 6x6 sums of products at x."""
kernel_gradient_5 = _moving(_transpose(filter_matrix(5)))
"""The same of a 5x5 kernel."""
outputs_4 = _gathering(output_matrix(4))
"""outputs_4(tile, arena, x, x_down, x_across): 6x6 products at x become a tile of 4x4 outputs"""
outputs_2 = _gathering(output_matrix(2))
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

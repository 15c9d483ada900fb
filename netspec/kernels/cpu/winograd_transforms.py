"""The transforms of Winograd's convolution: a small matrix applied to both sides of a patch of vectors.

Six points make one engine of 6x6 patches: F(4x4, 3x3) gives 4x4 outputs of a 3x3 kernel, F(2x2, 5x5) gives 2x2
outputs of a 5x5 kernel, each from a 6x6 patch of the input by 36 products instead of 144 or 100. With the tables below

    outputs = OUTPUT [(FILTER kernel FILTER^T) * (INPUT patch INPUT^T)] OUTPUT^T

where * multiplies number by number. The gradient of a kernel is the transpose of that, summed over all patches,

    gradient = FILTER^T [sum of (OUTPUT^T cotangents OUTPUT) * (INPUT patch INPUT^T)] FILTER

A row of INPUT is a Lagrange polynomial of the points, scaled to have whole
numbers or halves; FILTER undoes the scale. (Lavin and Gray, arXiv:1509.09308. The points 0, 1, -1, 2, -1/2 and
infinity err up to three times less than the usual 0, 1, -1, 2, -2: see docs/numerics.md.) Where rows of a table have
terms in common, a formula beside it comes to the same with fewer operations.
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
    (0, 1, 2.5, 0.5, -1, 0),
    (0, 1, 0.5, -2.5, 1, 0),
    (0, 1, 2, -1, -2, 0),
    (0, -2, 1, 2, -1, 0),
    (0, 1, 1.5, -2, -1.5, 1),
)
SCALES = (1, Fraction(1, 3), Fraction(1, 3), Fraction(-1, 30), Fraction(16, 15), 1)
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


def _by_table(matrix: Matrix):
    """The rule that multiplies vectors by a matrix."""

    def rule(builder, x):
        return [_combined(builder, row, x) for row in matrix]

    return rule


def _times(builder, factor, x, y):
    """factor*x + y"""
    return emit.fma(builder, x, emit.constant(x.type.count, factor), y)


def _input_rule(builder, x):
    """INPUT @ x by 14 operations instead of 24: all its rows are made of two differences."""
    a, b = builder.fsub(x[1], x[3]), builder.fsub(x[2], x[4])
    p, q = _times(builder, 1.5, x[2], a), _times(builder, 1.5, x[3], b)
    first = _times(builder, 1.5, a, builder.fsub(builder.fsub(x[0], x[2]), b))
    last = _times(builder, 1.5, b, builder.fadd(builder.fsub(x[5], x[3]), a))
    fourth, fifth = _times(builder, 2, b, a), _times(builder, -2, a, b)
    return [first, builder.fadd(p, q), builder.fsub(p, q), fourth, fifth, last]


def _outputs_4_rule(builder, y):
    """OUTPUT @ y of four outputs by 12 operations instead of 14."""
    sums, differences = builder.fadd(y[1], y[2]), builder.fsub(y[1], y[2])
    powers = [_times(builder, -(0.5**k), y[4], _times(builder, 2**k, y[3], differences)) for k in (1, 3)]
    square = _times(builder, 0.25, y[4], _times(builder, 4, y[3], sums))
    plain = builder.fadd(builder.fadd(builder.fadd(y[0], sums), y[3]), y[4])
    return [plain, powers[0], square, builder.fadd(powers[1], y[5])]


def _cotangents_4_rule(builder, d):
    """OUTPUT^T @ d of four cotangents by 10 operations instead of 12."""
    even, odd = builder.fadd(d[0], d[2]), builder.fadd(d[1], d[3])
    two = _times(builder, 2, _times(builder, 4, d[3], d[1]), _times(builder, 4, d[2], d[0]))
    half = _times(builder, -0.5, _times(builder, 0.25, d[3], d[1]), _times(builder, 0.25, d[2], d[0]))
    return [d[0], builder.fadd(even, odd), builder.fsub(even, odd), two, half, d[3]]


def _halfway(builder, rule, patch):
    """A rule applied to the columns of a patch, as rows of vectors; `patch` gives column after column, so that few
    vectors of it are live at a time."""
    columns = [rule(builder, column) for column in patch]
    return [list(row) for row in zip(*columns, strict=True)]


def _patch(builder, size, memory, start, down, across, lanes):
    """The columns of a patch, whose vector i, j lies at memory[start + i*down + j*across]."""
    for j in range(size):
        head = builder.add(start, emit.scaled(builder, across, j))
        places = [builder.add(head, emit.scaled(builder, down, i)) for i in range(size)]
        yield [emit.load(builder, memory, place, lanes) for place in places]


def _patch_within(builder, memory, start, down, across, lanes, bounds, zeros):
    """As `_patch`, where of all rows and columns only those within `bounds` (first row, last, first column, last) are
    there; `zeros` is the place of the vector that stands for the others."""
    numbers = [ir.Constant(emit.INT64, k) for k in range(SIZE)]

    def inside(first, last):
        return [builder.and_(builder.icmp_signed("<=", first, k), builder.icmp_signed("<", k, last)) for k in numbers]

    rows, columns = inside(*bounds[:2]), inside(*bounds[2:])
    for j, column in enumerate(columns):
        head = builder.add(start, emit.scaled(builder, across, j))
        places = [builder.add(head, emit.scaled(builder, down, i)) for i in range(SIZE)]
        real = [
            builder.select(builder.and_(row, column), *pair)
            for row, pair in zip(rows, ((p, zeros) for p in places), strict=True)
        ]
        yield [emit.load(builder, memory, place, lanes) for place in real]


def _give(builder, rule, half, memory, into, down, across):
    """A rule applied to rows of vectors; results to memory[into + i*down + j*across]."""
    for i, row in enumerate(half):
        head = builder.add(into, emit.scaled(builder, down, i))
        for j, vector in enumerate(rule(builder, row)):
            emit.store(builder, vector, memory, builder.add(head, emit.scaled(builder, across, j)))


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
        _give(builder, _input_rule, _halfway(builder, _input_rule, patch), memory, *arguments[10:])
        return context.get_dummy_value()

    return types.void(tile, arena, *[types.intp] * 11), codegen


def _gathering(rule, side: int):
    """An intrinsic that transforms 6x6 products in memory into a tile of side x side registers."""

    @intrinsic
    def gather(_typing, tile, arena, x, x_down, x_across):
        kind = TileType(TileShape(side, side, tile.shape.lanes))

        def codegen(_context, builder, _signature, arguments):
            registers = ir.Constant(ir.ArrayType(emit.vector(tile.shape.lanes), side * side), ir.Undefined)
            half = _halfway(builder, rule, _patch(builder, SIZE, *arguments[1:], tile.shape.lanes))
            results = [vector for row in half for vector in rule(builder, row)]
            for k, vector in enumerate(results):
                registers = builder.insert_value(registers, vector, k)
            return registers

        return kind(tile, arena, *[types.intp] * 3), codegen

    return gather


transform_input = _moving(_input_rule, SIZE)
"""transform_input(tile, arena, x, x_down, x_across, y, y_down, y_across): a 6x6 patch at x becomes 6x6 vectors at y"""
transform_filter_3 = _moving(_by_table(filter_matrix(3)), 3)
"""The same from a 3x3 kernel."""
transform_filter_5 = _moving(_by_table(filter_matrix(5)), 5)
"""The same from a 5x5 kernel."""
transform_cotangents_4 = _moving(_cotangents_4_rule, 4)
"""The same from the cotangents of 4x4 outputs."""
transform_cotangents_2 = _moving(_by_table(_transpose(output_matrix(2))), 2)
"""The same from the cotangents of 2x2 outputs."""
kernel_gradient_3 = _moving(_by_table(_transpose(filter_matrix(3))), SIZE)
"""The gradient of a 3x3 kernel, 3x3 vectors at y, from 6x6 sums of products at x."""
kernel_gradient_5 = _moving(_by_table(_transpose(filter_matrix(5))), SIZE)
"""The same of a 5x5 kernel."""
outputs_4 = _gathering(_outputs_4_rule, 4)
"""outputs_4(tile, arena, x, x_down, x_across): 6x6 products at x become a tile of 4x4 outputs"""
outputs_2 = _gathering(_by_table(output_matrix(2)), 2)
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

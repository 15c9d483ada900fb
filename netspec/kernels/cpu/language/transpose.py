"""Transpose of lanes x lanes numbers: rows of images into vectors of lanes, and back."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from netspec.kernels.cpu.language import emit


@intrinsic
def transpose_square(_typing, tile, arena, source, source_step, result, result_step, count):
    """arena[result + c*result_step + r] = arena[source + r*source_step + c] for r < lanes, c < count

    All lanes x lanes numbers are read. `count` is at least one.
    """
    lanes = tile.shape.lanes

    def codegen(context, builder, _signature, arguments):
        _, memory, source, down, result, across, count = arguments
        places = [builder.add(source, emit.scaled(builder, down, r)) for r in range(lanes)]
        _transpose(builder, memory, places, result, across, count)
        return context.get_dummy_value()

    return types.void(tile, arena, *[types.intp] * 5), codegen


@intrinsic
def transpose_rows(_typing, tile, arena, source, source_step, rows, result, result_step, count):
    """The same transpose of `rows` rows, at least one; missing rows repeat the last and are not read."""
    lanes = tile.shape.lanes

    def codegen(context, builder, _signature, arguments):
        _, memory, source, down, rows, result, across, count = arguments
        clamped = [emit.clamped(builder, r, rows) for r in range(lanes)]
        _transpose(builder, memory, [builder.add(source, builder.mul(down, r)) for r in clamped], result, across, count)
        return context.get_dummy_value()

    return types.void(tile, arena, *[types.intp] * 6), codegen


def _transpose(builder, memory, places, result, across, count):
    """Transposes the vectors at `places` and stores the first `count` columns, `across` apart."""
    columns = _transposed(builder, [emit.load(builder, memory, place, len(places)) for place in places])
    for c, column in enumerate(columns):
        with builder.if_then(builder.icmp_signed("<", ir.Constant(emit.INT64, c), count), likely=True):
            emit.store(builder, column, memory, builder.add(result, emit.scaled(builder, across, c)))


def _transposed(builder, rows):
    """The columns of a square of vectors; each step swaps the off-diagonal quarters of all blocks of one size."""
    lanes = half = len(rows)
    while half > 1:
        half //= 2
        upper = _mask([lane if not lane & half else lanes + lane - half for lane in range(lanes)])
        lower = _mask([lane + half if not lane & half else lanes + lane for lane in range(lanes)])
        for r in range(lanes):
            if not r & half:
                a, b = rows[r], rows[r + half]
                rows[r] = builder.shuffle_vector(a, b, upper)
                rows[r + half] = builder.shuffle_vector(a, b, lower)
    return rows


def _mask(places):
    return ir.Constant(ir.VectorType(emit.INT32, len(places)), places)

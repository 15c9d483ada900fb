"""The gradient of batch normalisation, of the activation behind it and of a sum between the two.

A unit is a channel of all groups. The first pass over it adds up the cotangents, takes them back through the activation
and gathers the two sums that dx needs; the second finds what the first has read in a cache, if it fits.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from collections.abc import Sequence

from netspec.ir.operations import IDENTITY, Activation, BatchNormAddGradient, BatchNormGradient
from netspec.ir.program import Buffer, Launch, Program, Tile
from netspec.kernels.cpu.batch_norm import BLOCK, NOWHERE
from netspec.kernels.cpu.bend import bend_words, unbend
from netspec.kernels.cpu.elementwise import where
from netspec.kernels.cpu.jit import kernel, routine
from netspec.kernels.cpu.memory import real
from netspec.kernels.cpu.rows import Row, place
from netspec.kernels.cpu.state import COUNT, GROUPS
from netspec.kernels.cpu.tile import lanes
from netspec.kernels.cpu.vector import first_lanes, fma, load, select, splat, store, sum_lanes

POSITIONS, PLANE, SLOPE, UPPER = range(4)
"""PLANE: float32 numbers from one channel to the next, of all batched values alike"""
SCALE, SHIFT, BATCH_MEAN, INVERSE, DSCALE, DSHIFT = range(4, 10)
X, X_STRIDE, DX, DX_STRIDE = range(10, 14)
SAVED, SAVED_STRIDE = range(14, 16)
"""the activation's output; NOWHERE where the activation was of what the normalisation gave: that is made again from x,
for which alone there is a SHIFT"""
DZ, DZ_STRIDE = range(16, 18)
"""the cotangent of what the activation was applied to; the first of the cotangents where they are the same"""
TERMS, FIRST_TERM = 18, 19
"""cotangents, then two words of each: where it begins and how far apart its groups are"""


@routine
def _take_back(tile, arena, d, group, c, first, last):
    """The cotangents of a plane's numbers `first` … `last`, added from left to right and taken back through the
    activation, to dz."""
    mean, factor, shift = arena[d[BATCH_MEAN] + c], arena[d[SCALE] + c] * arena[d[INVERSE] + c], arena[d[SHIFT] + c]
    slope, upper, terms, again = real(d, SLOPE), real(d, UPPER), d[TERMS], d[SAVED] == NOWHERE
    x, saved = d[X] + group * d[X_STRIDE] + c * d[PLANE], d[SAVED] + group * d[SAVED_STRIDE] + c * d[PLANE]
    dz, dy = d[DZ] + group * d[DZ_STRIDE] + c * d[PLANE], d[FIRST_TERM] + group * d[FIRST_TERM + 1] + c * d[PLANE]
    for i in range(first, last, lanes(tile)):
        total = load(tile, arena, dy + i)
        for k in range(FIRST_TERM + 2, FIRST_TERM + 2 * terms, 2):
            total += load(tile, arena, d[k] + group * d[k + 1] + c * d[PLANE] + i)
        if slope != 1.0:
            kept = fma(load(tile, arena, x + i) - mean, factor, shift) if again else load(tile, arena, saved + i)
            total = unbend(kept, total, slope, upper)
        store(arena, dz + i, total)


@routine
def _plane_sums(tile, arena, d, group, c):
    """The sums of dz and of dz * (x - mean) over a plane's vectors, lane by lane; makes dz where it is to be made."""
    step, mean = lanes(tile), arena[d[BATCH_MEAN] + c]
    x, dz = d[X] + group * d[X_STRIDE] + c * d[PLANE], d[DZ] + group * d[DZ_STRIDE] + c * d[PLANE]
    given = d[DZ] == d[FIRST_TERM] and d[TERMS] == 1 and real(d, SLOPE) == 1.0
    plain, weighted = splat(tile, 0.0), splat(tile, 0.0)
    for block in range(0, d[POSITIONS], BLOCK):
        first, last = block * step, min(block + BLOCK, d[POSITIONS]) * step
        if not given:
            _take_back(tile, arena, d, group, c, first, last)
        a = b = splat(tile, 0.0)
        for i in range(first, last, step):
            cotangent = load(tile, arena, dz + i)
            a += cotangent
            b = fma(cotangent, load(tile, arena, x + i) - mean, b)
        plain += a
        weighted += b
    return plain, weighted


@routine
def _channel_sums(tile, arena, d, state, c):
    """The same over all live images and positions of channel c."""
    plain, weighted = 0.0, 0.0
    for group in range(state[GROUPS]):
        live = first_lanes(tile, state[COUNT] - group * lanes(tile))
        lane_plain, lane_weighted = _plane_sums(tile, arena, d, group, c)
        plain += sum_lanes(select(live, lane_plain, 0.0))
        weighted += sum_lanes(select(live, lane_weighted, 0.0))
    return plain, weighted


@kernel
def batch_norm_gradient(tile, arena, d, state, begin, end, thread):
    """dx = scale * inverse * (dz - mean of dz - (x - mean) * inverse^2 * mean of dz * (x - mean)); dead lanes get
    zeros. Groups read last come first in the second pass."""
    step, size = lanes(tile), d[POSITIONS] * lanes(tile)
    for c in range(begin, end):
        plain, weighted = _channel_sums(tile, arena, d, state, c)
        mean, inverse = arena[d[BATCH_MEAN] + c], arena[d[INVERSE] + c]
        arena[d[DSHIFT] + c], arena[d[DSCALE] + c] = plain, weighted * inverse
        count = float(state[COUNT] * d[POSITIONS])
        offset, slope = plain / count, -weighted * inverse * inverse / count
        factor = arena[d[SCALE] + c] * inverse
        for number in range(state[GROUPS]):
            group = state[GROUPS] - 1 - number
            x, dz = d[X] + group * d[X_STRIDE] + c * d[PLANE], d[DZ] + group * d[DZ_STRIDE] + c * d[PLANE]
            dx = d[DX] + group * d[DX_STRIDE] + c * d[PLANE]
            live = first_lanes(tile, state[COUNT] - group * lanes(tile))
            for i in range(0, size, step):
                centred = fma(load(tile, arena, x + i) - mean, slope, load(tile, arena, dz + i) - offset)
                store(arena, dx + i, select(live, centred * factor, 0.0))


def batch_norm_gradient_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    """Where there is something to take back, dz stands in dx's place between the passes."""
    operation, inputs, (dx, *sums) = launch.operation, launch.inputs, launch.outputs
    assert isinstance(operation, BatchNormGradient)
    channels, cotangents = inputs[1:5], inputs[5:]
    dz = cotangents[0] if operation.activation == IDENTITY and len(cotangents) == 1 else dx
    return _rows(operation.activation, (inputs[0], dx, dz), tuple(map(place, channels)), sums, None, cotangents)


def batch_norm_add_gradient_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    operation, inputs, (dx, *sums, dz) = launch.operation, launch.inputs, launch.outputs
    assert isinstance(operation, BatchNormAddGradient)
    scale, *statistics = map(place, inputs[1:4])
    saved, cotangents = (None, inputs[4:]) if operation.activation == IDENTITY else (inputs[4], inputs[5:])
    channels = (scale, scale, *statistics)
    return _rows(operation.activation, (inputs[0], dx, dz), channels, sums, saved, cotangents)


def _rows(
    activation: Activation,
    maps: tuple[Buffer, Buffer, Buffer],
    channels: tuple[int, ...],
    sums: Sequence[Buffer],
    saved: Buffer | None,
    cotangents: Sequence[Buffer],
) -> tuple[Row, ...]:
    """A row over the channels of x; `maps` are x, dx and dz, `channels` the places SCALE … INVERSE."""
    x, dx, dz = maps
    count = x.value.shape[0]
    sizes = (x.value.elements // count, x.plane_stride, *bend_words(activation))
    kept = (NOWHERE, 0) if saved is None else where(saved)
    terms = (word for each in cotangents for word in where(each))
    words = (*sizes, *channels, *map(place, sums), *where(x), *where(dx), *kept, *where(dz), len(cotangents), *terms)
    return (Row(batch_norm_gradient, Tile(1, 1), words, count),)

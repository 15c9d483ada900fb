"""Gradient of batch normalisation, of the activation after it, and of an addition between the two.

A unit is a channel of all groups. The first pass adds the cotangents, multiplies them by the activation's derivative
and forms the two sums that dx needs. The second pass computes dx; it finds its data in a cache where they fit.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from collections.abc import Sequence
from typing import NamedTuple

from netspec.ir.operations import IDENTITY, Activation, BatchNormAddGradient, BatchNormGradient
from netspec.kernels.cpu.language.descriptor import Operand, Words, places
from netspec.kernels.cpu.language.jit import kernel, routine
from netspec.kernels.cpu.language.memory import real
from netspec.kernels.cpu.language.rows import Row, place, where
from netspec.kernels.cpu.language.state import COUNT, GROUPS
from netspec.kernels.cpu.language.tile import lanes
from netspec.kernels.cpu.language.vector import first_lanes, fma, load, select, splat, store, sum_lanes
from netspec.kernels.cpu.layers.batch_norm import BLOCK, NOWHERE
from netspec.kernels.cpu.layers.piecewise_linear import piecewise_linear_gradient, piecewise_linear_words
from netspec.targets.cpu.program import Buffer, Launch, Program, Tile


class BatchNormBackward(NamedTuple):
    """Words of `batch_norm_gradient`."""

    positions: int
    plane: int
    """channel stride of all batched values, in float32 elements"""
    slope: float
    upper: float
    scale: int
    shift: int
    batch_mean: int
    inverse: int
    dscale: int
    dshift: int
    x: Operand
    dx: Operand
    saved: Operand
    """The activation's output. `NOWHERE` where the activation was applied to the normalisation's own output: that is
    recomputed from x with `shift`, which no other case reads."""
    dz: Operand
    """The cotangent of the activation's input; equal to the first of `terms` where no derivative or sum is needed."""
    count: int
    terms: tuple[Operand, ...]
    """The `count` cotangents that are added."""


GRADIENT = places(BatchNormBackward)


@routine
def _take_back(tile, arena, d, group, c, first, last):
    """dz for elements first … last - 1 of a plane: the cotangents, added from left to right, times the activation's
    derivative."""
    mean = arena[d[GRADIENT.batch_mean] + c]
    factor = arena[d[GRADIENT.scale] + c] * arena[d[GRADIENT.inverse] + c]
    shift = arena[d[GRADIENT.shift] + c]
    slope = real(d, GRADIENT.slope)
    upper = real(d, GRADIENT.upper)
    terms = d[GRADIENT.count]
    again = d[GRADIENT.saved.place] == NOWHERE
    x = d[GRADIENT.x.place] + group * d[GRADIENT.x.group] + c * d[GRADIENT.plane]
    saved = d[GRADIENT.saved.place] + group * d[GRADIENT.saved.group] + c * d[GRADIENT.plane]
    dz = d[GRADIENT.dz.place] + group * d[GRADIENT.dz.group] + c * d[GRADIENT.plane]
    dy = d[GRADIENT.terms] + group * d[GRADIENT.terms + 1] + c * d[GRADIENT.plane]
    for i in range(first, last, lanes(tile)):
        total = load(tile, arena, dy + i)
        for k in range(GRADIENT.terms + 2, GRADIENT.terms + 2 * terms, 2):
            total += load(tile, arena, d[k] + group * d[k + 1] + c * d[GRADIENT.plane] + i)
        if slope != 1.0:
            kept = fma(load(tile, arena, x + i) - mean, factor, shift) if again else load(tile, arena, saved + i)
            total = piecewise_linear_gradient(kept, total, slope, upper)
        store(arena, dz + i, total)


@routine
def _plane_sums(tile, arena, d, group, c):
    """Per lane, the sums of dz and of dz * (x - mean) over a plane's vectors; writes dz unless it is given."""
    step, mean = lanes(tile), arena[d[GRADIENT.batch_mean] + c]
    x = d[GRADIENT.x.place] + group * d[GRADIENT.x.group] + c * d[GRADIENT.plane]
    dz = d[GRADIENT.dz.place] + group * d[GRADIENT.dz.group] + c * d[GRADIENT.plane]
    given = d[GRADIENT.dz.place] == d[GRADIENT.terms] and d[GRADIENT.count] == 1 and real(d, GRADIENT.slope) == 1.0
    plain, weighted = splat(tile, 0.0), splat(tile, 0.0)
    for block in range(0, d[GRADIENT.positions], BLOCK):
        first, last = block * step, min(block + BLOCK, d[GRADIENT.positions]) * step
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
    """The same sums over all live images and positions of channel c."""
    plain, weighted = 0.0, 0.0
    for group in range(state[GROUPS]):
        live = first_lanes(tile, state[COUNT] - group * lanes(tile))
        lane_plain, lane_weighted = _plane_sums(tile, arena, d, group, c)
        plain += sum_lanes(select(live, lane_plain, 0.0))
        weighted += sum_lanes(select(live, lane_weighted, 0.0))
    return plain, weighted


@kernel
def batch_norm_gradient(tile, arena, d: Words[BatchNormBackward], state, begin, end, thread):
    """dx = scale * inverse * (dz - mean of dz - (x - mean) * inverse^2 * mean of dz * (x - mean)); dead lanes get
    zeros. Unit: a channel of all groups. The second pass visits groups in reverse order: the last ones are still
    cached."""
    step, size = lanes(tile), d[GRADIENT.positions] * lanes(tile)
    for c in range(begin, end):
        plain, weighted = _channel_sums(tile, arena, d, state, c)
        mean, inverse = arena[d[GRADIENT.batch_mean] + c], arena[d[GRADIENT.inverse] + c]
        arena[d[GRADIENT.dshift] + c], arena[d[GRADIENT.dscale] + c] = plain, weighted * inverse
        count = float(state[COUNT] * d[GRADIENT.positions])
        offset, slope = plain / count, -weighted * inverse * inverse / count
        factor = arena[d[GRADIENT.scale] + c] * inverse
        for number in range(state[GROUPS]):
            group = state[GROUPS] - 1 - number
            x = d[GRADIENT.x.place] + group * d[GRADIENT.x.group] + c * d[GRADIENT.plane]
            dz = d[GRADIENT.dz.place] + group * d[GRADIENT.dz.group] + c * d[GRADIENT.plane]
            dx = d[GRADIENT.dx.place] + group * d[GRADIENT.dx.group] + c * d[GRADIENT.plane]
            live = first_lanes(tile, state[COUNT] - group * lanes(tile))
            for i in range(0, size, step):
                centred = fma(load(tile, arena, x + i) - mean, slope, load(tile, arena, dz + i) - offset)
                store(arena, dx + i, select(live, centred * factor, 0.0))


def batch_norm_gradient_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    """BatchNormGradient. Where dz differs from the only cotangent, it is kept in dx's buffer between the passes."""
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
    """The row. `maps` are x, dx and dz; `channels` are the first elements of scale, shift, mean and inverse
    deviation."""
    x, dx, dz = maps
    count = x.value.shape[0]
    slope, upper = piecewise_linear_words(activation)
    scale, shift, batch_mean, inverse = channels
    dscale, dshift = map(place, sums)
    words = BatchNormBackward(
        positions=x.value.elements // count,
        plane=x.plane_stride,
        slope=slope,
        upper=upper,
        scale=scale,
        shift=shift,
        batch_mean=batch_mean,
        inverse=inverse,
        dscale=dscale,
        dshift=dshift,
        x=where(x),
        dx=where(dx),
        saved=Operand(NOWHERE, 0) if saved is None else where(saved),
        dz=where(dz),
        count=len(cotangents),
        terms=tuple(map(where, cotangents)),
    )
    return (Row(batch_norm_gradient, Tile(1, 1), words, count),)

"""The gradient of batch normalisation, of the activation behind it and of a sum between the two.

A unit is a channel of all groups. The first pass over it adds up the cotangents, takes them back through the activation
and gathers the two sums that dx needs; the second finds what the first has read in a cache, if it fits.
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
from netspec.kernels.cpu.layers.piecewise_linear import bend_words, unbend
from netspec.targets.cpu.program import Buffer, Launch, Program, Tile


class BatchNormBackward(NamedTuple):
    """Words of `batch_norm_gradient`."""

    positions: int
    plane: int
    """float32 numbers from one channel to the next, of all batched values alike"""
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
    """The activation's output; NOWHERE where the activation was of what the normalisation gave: that is made again
    from x, for which alone there is a shift."""
    dz: Operand
    """The cotangent of what the activation was applied to; the first of the terms where they are the same."""
    count: int
    terms: tuple[Operand, ...]
    """The cotangents, of which `count` are there."""


GRADIENT = places(BatchNormBackward)


@routine
def _take_back(tile, arena, d, group, c, first, last):
    """The cotangents of a plane's numbers `first` … `last`, added from left to right and taken back through the
    activation, to dz."""
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
            total = unbend(kept, total, slope, upper)
        store(arena, dz + i, total)


@routine
def _plane_sums(tile, arena, d, group, c):
    """The sums of dz and of dz * (x - mean) over a plane's vectors, lane by lane; makes dz where it is to be made."""
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
    """The same over all live images and positions of channel c."""
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
    zeros. Groups read last come first in the second pass."""
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
    """A row over the channels of x. `maps` are x, dx and dz; `channels` are the places of scale, shift, mean and
    inverse deviation."""
    x, dx, dz = maps
    count = x.value.shape[0]
    slope, upper = bend_words(activation)
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

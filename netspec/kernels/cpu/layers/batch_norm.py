"""Batch normalisation with running statistics (inference), its derivative, and with the batch's own (training); the
last may be followed by an addend and an activation.

Statistics cover live images only. In each lane group, deviations are taken from a number close to the group's mean: a
large mean then costs no precision, and memory is read once. Groups are merged in order, in float64 (Chan, Golub,
LeVeque 1979).
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from netspec.ir.operations import BatchNorm, BatchNormTraining
from netspec.kernels.cpu.language.descriptor import Operand, Words, places
from netspec.kernels.cpu.language.jit import kernel, routine
from netspec.kernels.cpu.language.memory import real
from netspec.kernels.cpu.language.rows import Row, place, where
from netspec.kernels.cpu.language.state import COUNT, GROUPS
from netspec.kernels.cpu.language.tile import lanes
from netspec.kernels.cpu.language.vector import first_lanes, fma, load, select, splat, store, sum_lanes
from netspec.kernels.cpu.layers.piecewise_linear import piecewise_linear, piecewise_linear_words
from netspec.targets.cpu.program import Buffer, Launch, Program, Tile

BLOCK = 64
"""vectors per partial sum; adding partial sums to the total reduces rounding errors"""
SAMPLES = 64
NOWHERE = -1


class BatchNormed(NamedTuple):
    """Words of both kernels. The kernel for training alone reads `batch_mean`, `inverse`, `new_mean`, `new_variance`,
    `addend`, `slope` and `upper`. `plane` is the channel stride of all batched values, in float32 elements."""

    channels: int
    positions: int
    epsilon: float
    momentum: float
    x: Operand
    y: Operand
    scale: int
    shift: int
    mean: int
    variance: int
    batch_mean: int
    inverse: int
    new_mean: int
    new_variance: int
    plane: int
    addend: Operand
    slope: float
    upper: float


class Scaled(NamedTuple):
    """Words of `batch_norm_input_gradient`."""

    channels: int
    positions: int
    epsilon: float
    dy: Operand
    dx: Operand
    scale: int
    variance: int
    plane: int


NORM, SCALED = places(BatchNormed), places(Scaled)


@kernel
def batch_norm(tile, arena, d: Words[BatchNormed], state, begin, end, thread):
    """Unit: a channel of a group."""
    step, size, epsilon = lanes(tile), d[NORM.positions] * lanes(tile), real(d, NORM.epsilon)
    for unit in range(begin, end):
        group = unit // d[NORM.channels]
        c = unit - group * d[NORM.channels]
        factor = arena[d[NORM.scale] + c] / math.sqrt(arena[d[NORM.variance] + c] + epsilon)
        mean, shift = arena[d[NORM.mean] + c], arena[d[NORM.shift] + c]
        x = d[NORM.x.place] + group * d[NORM.x.group] + c * d[NORM.plane]
        y = d[NORM.y.place] + group * d[NORM.y.group] + c * d[NORM.plane]
        for i in range(0, size, step):
            store(arena, y + i, fma(load(tile, arena, x + i) - mean, factor, shift))


@kernel
def batch_norm_input_gradient(tile, arena, d: Words[Scaled], state, begin, end, thread):
    """Unit: a channel of a group."""
    step, size, epsilon = lanes(tile), d[SCALED.positions] * lanes(tile), real(d, SCALED.epsilon)
    for unit in range(begin, end):
        group = unit // d[SCALED.channels]
        c = unit - group * d[SCALED.channels]
        factor = arena[d[SCALED.scale] + c] / math.sqrt(arena[d[SCALED.variance] + c] + epsilon)
        dy = d[SCALED.dy.place] + group * d[SCALED.dy.group] + c * d[SCALED.plane]
        dx = d[SCALED.dx.place] + group * d[SCALED.dx.group] + c * d[SCALED.plane]
        for i in range(0, size, step):
            store(arena, dx + i, load(tile, arena, dy + i) * factor)


@routine
def _centre(tile, arena, plane, positions, live, images):
    """Approximate mean of the live lanes of a plane, from at most `SAMPLES` evenly spaced vectors."""
    step = lanes(tile)
    stride = (positions + SAMPLES - 1) // SAMPLES
    taken = (positions + stride - 1) // stride
    total = splat(tile, 0.0)
    for sample in range(taken):
        total += load(tile, arena, plane + sample * stride * step)
    return np.float32(sum_lanes(select(live, total, 0.0)) / (taken * images))


@routine
def _deviations(tile, arena, plane, positions, centre):
    """Per lane, the sums of x - centre and of its square over a plane's vectors."""
    step = lanes(tile)
    first_total, second_total = splat(tile, 0.0), splat(tile, 0.0)
    for first in range(0, positions, BLOCK):
        a = b = splat(tile, 0.0)
        for i in range(plane + first * step, plane + min(first + BLOCK, positions) * step, step):
            x = load(tile, arena, i) - centre
            a, b = a + x, fma(x, x, b)
        first_total += a
        second_total += b
    return first_total, second_total


@routine
def _statistics(tile, arena, d, state, c):
    """(mean, biased variance, count) of channel c over all live images and positions."""
    positions, count, mean, squares = d[NORM.positions], 0.0, 0.0, 0.0
    for group in range(state[GROUPS]):
        plane = d[NORM.x.place] + group * d[NORM.x.group] + c * d[NORM.plane]
        images = min(lanes(tile), state[COUNT] - group * lanes(tile))
        live, here = first_lanes(tile, images), float(images * positions)
        centre = _centre(tile, arena, plane, positions, live, images)
        lane_sums, lane_squares = _deviations(tile, arena, plane, positions, centre)
        shift = sum_lanes(select(live, lane_sums, 0.0)) / here
        group_squares = sum_lanes(select(live, lane_squares, 0.0)) - shift * shift * here
        difference, all_images = centre + shift - mean, count + here
        mean += difference * (here / all_images)
        squares += group_squares + difference * difference * (count * here / all_images)
        count = all_images
    return mean, max(squares, 0.0) / count, count


@routine
def _normalise(tile, arena, d, group, c):
    """y of one plane. Statistics are read back from memory, so that the gradient uses the same bits."""
    step, size, slope, upper = lanes(tile), d[NORM.positions] * lanes(tile), real(d, NORM.slope), real(d, NORM.upper)
    mean = arena[d[NORM.batch_mean] + c]
    factor = arena[d[NORM.scale] + c] * arena[d[NORM.inverse] + c]
    shift = arena[d[NORM.shift] + c]
    x = d[NORM.x.place] + group * d[NORM.x.group] + c * d[NORM.plane]
    y = d[NORM.y.place] + group * d[NORM.y.group] + c * d[NORM.plane]
    addend = d[NORM.addend.place] + group * d[NORM.addend.group] + c * d[NORM.plane]
    if d[NORM.addend.place] == NOWHERE:
        for i in range(0, size, step):
            store(arena, y + i, piecewise_linear(fma(load(tile, arena, x + i) - mean, factor, shift), slope, upper))
    else:
        for i in range(0, size, step):
            z = fma(load(tile, arena, x + i) - mean, factor, shift) + load(tile, arena, addend + i)
            store(arena, y + i, piecewise_linear(z, slope, upper))


@kernel
def batch_norm_training(tile, arena, d: Words[BatchNormed], state, begin, end, thread):
    """Unit: a channel of all groups. The second pass visits groups in reverse order: the last ones are still cached."""
    momentum = real(d, NORM.momentum)
    for c in range(begin, end):
        mean, variance, count = _statistics(tile, arena, d, state, c)
        unbiased = variance * (count / max(count - 1.0, 1.0))
        arena[d[NORM.batch_mean] + c] = mean
        arena[d[NORM.inverse] + c] = 1.0 / math.sqrt(variance + real(d, NORM.epsilon))
        arena[d[NORM.new_mean] + c] = momentum * arena[d[NORM.mean] + c] + (1.0 - momentum) * mean
        arena[d[NORM.new_variance] + c] = momentum * arena[d[NORM.variance] + c] + (1.0 - momentum) * unbiased
        for group in range(state[GROUPS]):
            _normalise(tile, arena, d, state[GROUPS] - 1 - group, c)


def batch_norm_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    (x, *channels), (y,) = launch.inputs, launch.outputs
    words = BatchNormed(
        **_common(launch, x, y, channels),
        batch_mean=NOWHERE,
        inverse=NOWHERE,
        new_mean=NOWHERE,
        new_variance=NOWHERE,
        addend=Operand(NOWHERE, 0),
        slope=1.0,
        upper=math.inf,
    )
    return (Row(batch_norm, Tile(1, 1), words, words.channels, per_group=True),)


def batch_norm_input_gradient_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    (dy, scale, variance), (dx,) = launch.inputs, launch.outputs
    channels = dx.value.shape[0]
    words = Scaled(
        channels=channels,
        positions=dx.value.elements // channels,
        epsilon=launch.operation.epsilon,
        dy=where(dy),
        dx=where(dx),
        scale=place(scale),
        variance=place(variance),
        plane=dx.plane_stride,
    )
    return (Row(batch_norm_input_gradient, Tile(1, 1), words, channels, per_group=True),)


def batch_norm_training_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    (x, *channels), (y, *statistics) = launch.inputs, launch.outputs
    channels, addend = channels[:4], channels[4:]
    batch_mean, inverse, new_mean, new_variance = map(place, statistics)
    slope, upper = piecewise_linear_words(launch.operation.activation)
    words = BatchNormed(
        **_common(launch, x, y, channels),
        batch_mean=batch_mean,
        inverse=inverse,
        new_mean=new_mean,
        new_variance=new_variance,
        addend=where(addend[0]) if addend else Operand(NOWHERE, 0),
        slope=slope,
        upper=upper,
    )
    return (Row(batch_norm_training, Tile(1, 1), words, words.channels),)


def _common(launch: Launch, x: Buffer, y: Buffer, channels: Sequence[Buffer]) -> dict[str, Any]:
    """Words that both kernels read; `channels` are scale, shift, mean and variance."""
    operation, (scale, shift, mean, variance) = launch.operation, map(place, channels)
    assert isinstance(operation, BatchNorm | BatchNormTraining)
    return {
        "channels": x.value.shape[0],
        "positions": x.value.elements // x.value.shape[0],
        "epsilon": operation.epsilon,
        "momentum": operation.momentum,
        "x": where(x),
        "y": where(y),
        "scale": scale,
        "shift": shift,
        "mean": mean,
        "variance": variance,
        "plane": x.plane_stride,
    }

"""Batch normalisation: with running statistics, and with the batch's own, then an addend and an activation.

Statistics are of live images only. Of each lane group they are taken about a number close to its mean, so that a large
mean costs no precision and memory is read once; groups are merged in order in float64 (Chan, Golub, LeVeque 1979).
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

import math

import numpy as np

from netspec.ir.operations import BatchNorm, BatchNormTraining
from netspec.ir.program import Buffer, Launch, Program, Tile
from netspec.kernels.cpu.bend import bend, bend_words
from netspec.kernels.cpu.elementwise import where
from netspec.kernels.cpu.jit import kernel, routine
from netspec.kernels.cpu.memory import real
from netspec.kernels.cpu.rows import Row, place
from netspec.kernels.cpu.state import COUNT, GROUPS
from netspec.kernels.cpu.tile import lanes
from netspec.kernels.cpu.vector import first_lanes, fma, load, select, splat, store, sum_lanes

CHANNELS, POSITIONS, EPSILON, MOMENTUM = range(4)
X, X_STRIDE, Y, Y_STRIDE, SCALE, SHIFT, MEAN, VARIANCE = range(4, 12)
BATCH_MEAN, INVERSE, NEW_MEAN, NEW_VARIANCE, PLANE = range(12, 17)
ADDEND, ADDEND_STRIDE, SLOPE, UPPER = range(17, 21)
WORDS = 21
"""PLANE: float32 numbers from one channel to the next, of all batched values alike"""

BLOCK = 64
"""vectors whose sum is taken before it is added to the total: long sums lose less"""
SAMPLES = 64
NOWHERE = -1


@kernel
def batch_norm(tile, arena, d, state, begin, end, thread):
    """A unit is a channel of a group."""
    step, size, epsilon = lanes(tile), d[POSITIONS] * lanes(tile), real(d, EPSILON)
    for unit in range(begin, end):
        group = unit // d[CHANNELS]
        c = unit - group * d[CHANNELS]
        factor = arena[d[SCALE] + c] / math.sqrt(arena[d[VARIANCE] + c] + epsilon)
        mean, shift = arena[d[MEAN] + c], arena[d[SHIFT] + c]
        x, y = d[X] + group * d[X_STRIDE] + c * d[PLANE], d[Y] + group * d[Y_STRIDE] + c * d[PLANE]
        for i in range(0, size, step):
            store(arena, y + i, fma(load(tile, arena, x + i) - mean, factor, shift))


@routine
def _centre(tile, arena, plane, positions, live, images):
    """About the mean of a plane: that of up to SAMPLES vectors, evenly spread."""
    step = lanes(tile)
    stride = (positions + SAMPLES - 1) // SAMPLES
    taken = (positions + stride - 1) // stride
    total = splat(tile, 0.0)
    for sample in range(taken):
        total += load(tile, arena, plane + sample * stride * step)
    return np.float32(sum_lanes(select(live, total, 0.0)) / (taken * images))


@routine
def _deviations(tile, arena, plane, positions, centre):
    """The sums of x - centre and of its square over a plane's vectors, lane by lane."""
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
    """Mean, biased variance and number of channel c over all live images and positions."""
    positions, count, mean, squares = d[POSITIONS], 0.0, 0.0, 0.0
    for group in range(state[GROUPS]):
        plane = d[X] + group * d[X_STRIDE] + c * d[PLANE]
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
    """A plane, with its statistics where they are kept: the gradient finds the same bits there."""
    step, size, slope, upper = lanes(tile), d[POSITIONS] * lanes(tile), real(d, SLOPE), real(d, UPPER)
    mean, factor, shift = arena[d[BATCH_MEAN] + c], arena[d[SCALE] + c] * arena[d[INVERSE] + c], arena[d[SHIFT] + c]
    x, y = d[X] + group * d[X_STRIDE] + c * d[PLANE], d[Y] + group * d[Y_STRIDE] + c * d[PLANE]
    addend = d[ADDEND] + group * d[ADDEND_STRIDE] + c * d[PLANE]
    if d[ADDEND] == NOWHERE:
        for i in range(0, size, step):
            store(arena, y + i, bend(fma(load(tile, arena, x + i) - mean, factor, shift), slope, upper))
    else:
        for i in range(0, size, step):
            z = fma(load(tile, arena, x + i) - mean, factor, shift) + load(tile, arena, addend + i)
            store(arena, y + i, bend(z, slope, upper))


@kernel
def batch_norm_training(tile, arena, d, state, begin, end, thread):
    """A unit is a channel of all groups: those read last come first in the second pass, which finds them in a cache."""
    momentum = real(d, MOMENTUM)
    for c in range(begin, end):
        mean, variance, count = _statistics(tile, arena, d, state, c)
        unbiased = variance * (count / max(count - 1.0, 1.0))
        arena[d[BATCH_MEAN] + c], arena[d[INVERSE] + c] = mean, 1.0 / math.sqrt(variance + real(d, EPSILON))
        arena[d[NEW_MEAN] + c] = momentum * arena[d[MEAN] + c] + (1.0 - momentum) * mean
        arena[d[NEW_VARIANCE] + c] = momentum * arena[d[VARIANCE] + c] + (1.0 - momentum) * unbiased
        for group in range(state[GROUPS]):
            _normalise(tile, arena, d, state[GROUPS] - 1 - group, c)


def _row(kernel_, launch: Launch, places: dict[int, int | float], *, per_group: bool) -> tuple[Row, ...]:
    """A row over the channels of the launch's first input; `places` fills the words that the kernel reads."""
    x, operation = launch.inputs[0], launch.operation
    words: list[int | float] = [NOWHERE] * WORDS
    words[CHANNELS] = x.value.shape[0]
    words[POSITIONS], words[PLANE] = x.value.elements // x.value.shape[0], x.plane_stride
    assert isinstance(operation, BatchNorm | BatchNormTraining)
    words[EPSILON], words[MOMENTUM] = operation.epsilon, operation.momentum
    for word, value in places.items():
        words[word] = value
    return (Row(kernel_, Tile(1, 1), tuple(words), x.value.shape[0], per_group=per_group),)


def _batched(first: int, buffer: Buffer) -> dict[int, int | float]:
    """The two words of a batched buffer, from `first` on."""
    begin, stride = where(buffer)
    return {first: begin, first + 1: stride}


def batch_norm_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    (x, *channels), (y,) = launch.inputs, launch.outputs
    places = dict(zip((SCALE, SHIFT, MEAN, VARIANCE), map(place, channels), strict=True))
    return _row(batch_norm, launch, _batched(X, x) | _batched(Y, y) | places, per_group=True)


def batch_norm_training_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    (x, *channels), (y, *statistics) = launch.inputs, launch.outputs
    channels, addend = channels[:4], channels[4:]
    places = dict(zip((SCALE, SHIFT, MEAN, VARIANCE), map(place, channels), strict=True))
    slope, upper = bend_words(launch.operation.activation)
    places |= dict(zip((BATCH_MEAN, INVERSE, NEW_MEAN, NEW_VARIANCE), map(place, statistics), strict=True))
    for buffer in addend:
        places |= _batched(ADDEND, buffer)
    words = _batched(X, x) | _batched(Y, y) | places | {SLOPE: slope, UPPER: upper}
    return _row(batch_norm_training, launch, words, per_group=False)

"""Dense weight gradient fused with gradient descent, tile by tile. The gradient is never stored; each weight and each
velocity is read and written once.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import NamedTuple

import numpy as np

from netspec.kernels.cpu.dense.descend import descend
from netspec.kernels.cpu.dense.products import GradientSum, gradient_sums
from netspec.kernels.cpu.language.descriptor import Words, places
from netspec.kernels.cpu.language.jit import kernel, routine
from netspec.kernels.cpu.language.memory import real
from netspec.kernels.cpu.language.state import SCRATCH
from netspec.kernels.cpu.language.tile import columns, lanes, narrow, rows, save
from netspec.kernels.cpu.layers.update import NO_VELOCITY


class DenseUpdate(NamedTuple):
    """Words of `weight_update`; `rate_factor` multiplies the rate that is read from arena[rate]."""

    sum: GradientSum
    outputs: int
    feature_block: int
    weight: int
    velocity: int
    rate: int
    rate_factor: float
    decay: float
    momentum: float
    nesterov: int


UPDATE = places(DenseUpdate)


@routine
def _descend(tile, registers, arena, d, at, count):
    """Updates one tile of weights, `at` the index of its first; `registers` is its gradient."""
    decay, momentum = np.float32(real(d, UPDATE.decay)), np.float32(real(d, UPDATE.momentum))
    rate = np.float32(-arena[d[UPDATE.rate]] * real(d, UPDATE.rate_factor))
    descend(
        registers,
        arena,
        d[UPDATE.weight] + at,
        d[UPDATE.velocity] + at,
        d[UPDATE.sum.x.features],
        count,
        d[UPDATE.velocity] != NO_VELOCITY,
        d[UPDATE.nesterov] != 0,
        decay,
        momentum,
        rate,
    )


@routine
def _descend_singly(tile, registers, arena, d, at, count, width, scratch):
    """The same for the first `width` features of a vector, one number at a time."""
    decay, momentum = np.float32(real(d, UPDATE.decay)), np.float32(real(d, UPDATE.momentum))
    rate = np.float32(-arena[d[UPDATE.rate]] * real(d, UPDATE.rate_factor))
    save(registers, arena, scratch, lanes(tile), lanes(tile), count)
    for r in range(count):
        for k in range(at + r * d[UPDATE.sum.x.features], at + r * d[UPDATE.sum.x.features] + width):
            step = (
                arena[d[UPDATE.weight] + k] * decay
                + arena[scratch + r * lanes(tile) + k - at - r * d[UPDATE.sum.x.features]]
            )
            if d[UPDATE.velocity] != NO_VELOCITY:
                velocity = arena[d[UPDATE.velocity] + k] * momentum + step
                arena[d[UPDATE.velocity] + k] = velocity
                step = velocity * momentum + step if d[UPDATE.nesterov] else velocity
            arena[d[UPDATE.weight] + k] += step * rate


@routine
def _update_row(tile, arena, d, state, first, last, output, count):
    """Updates features first … last - 1 of `count` outputs."""
    feature, at = first, output * d[UPDATE.sum.x.features]
    while feature + columns(tile) * lanes(tile) <= last:
        _descend(tile, gradient_sums(tile, arena, d, state, feature, output, count), arena, d, at + feature, count)
        feature += columns(tile) * lanes(tile)
    while feature < last:
        single = narrow(tile)
        registers = gradient_sums(single, arena, d, state, feature, output, count)
        if feature + lanes(tile) <= last:
            _descend(single, registers, arena, d, at + feature, count)
        else:
            _descend_singly(single, registers, arena, d, at + feature, count, last - feature, state[SCRATCH])
        feature += lanes(tile)


@kernel
def weight_update(tile, arena, d: Words[DenseUpdate], state, begin, end, thread):
    """Unit: a block of outputs. The outermost loop runs over blocks of `feature_block` features, so that their columns
    of the transposed copy stay in the second cache."""
    last = 0
    while last < d[UPDATE.sum.x.features]:
        first, last = last, min(last + d[UPDATE.feature_block], d[UPDATE.sum.x.features])
        for unit in range(begin, end):
            output = unit * rows(tile)
            count = min(rows(tile), d[UPDATE.outputs] - output)
            _update_row(tile, arena, d, state, first, last, output, count)

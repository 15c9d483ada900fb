"""The weight gradient of a dense layer and the step of gradient descent by it, tile by tile: the gradient never goes
through memory, and of weights and velocities every number is read and written once.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

import numpy as np

from netspec.kernels.cpu.dense import FEATURES, gradient_sums
from netspec.kernels.cpu.jit import kernel, routine
from netspec.kernels.cpu.memory import real
from netspec.kernels.cpu.products import scaled_sum
from netspec.kernels.cpu.state import SCRATCH
from netspec.kernels.cpu.tile import columns, lanes, load, narrow, rows, save
from netspec.kernels.cpu.update import NO_VELOCITY

# Words of the descriptor of `weight_update`; the first five are those of `weight_gradient`.
(OUTPUTS, FEATURE_BLOCK, WEIGHT, VELOCITY, RATE, RATE_FACTOR, DECAY, MOMENTUM, NESTEROV) = range(5, 14)


@routine
def _descend(tile, registers, arena, d, at, count):
    """A step of the weights from number `at` of theirs on, `registers` being their gradient."""
    decay, momentum = np.float32(real(d, DECAY)), np.float32(real(d, MOMENTUM))
    rate = np.float32(-arena[d[RATE]] * real(d, RATE_FACTOR))
    weight = load(tile, arena, d[WEIGHT] + at, d[FEATURES], lanes(tile), count)
    step = scaled_sum(weight, decay, registers)
    if d[VELOCITY] != NO_VELOCITY:
        velocity = load(tile, arena, d[VELOCITY] + at, d[FEATURES], lanes(tile), count)
        velocity = scaled_sum(velocity, momentum, step)
        save(velocity, arena, d[VELOCITY] + at, d[FEATURES], lanes(tile), count)
        step = scaled_sum(velocity, momentum, step) if d[NESTEROV] else velocity
    save(scaled_sum(step, rate, weight), arena, d[WEIGHT] + at, d[FEATURES], lanes(tile), count)


@routine
def _descend_singly(tile, registers, arena, d, at, count, width, scratch):
    """The same of the first `width` features of a vector, number by number."""
    decay, momentum = np.float32(real(d, DECAY)), np.float32(real(d, MOMENTUM))
    rate = np.float32(-arena[d[RATE]] * real(d, RATE_FACTOR))
    save(registers, arena, scratch, lanes(tile), lanes(tile), count)
    for r in range(count):
        for k in range(at + r * d[FEATURES], at + r * d[FEATURES] + width):
            step = arena[d[WEIGHT] + k] * decay + arena[scratch + r * lanes(tile) + k - at - r * d[FEATURES]]
            if d[VELOCITY] != NO_VELOCITY:
                velocity = arena[d[VELOCITY] + k] * momentum + step
                arena[d[VELOCITY] + k] = velocity
                step = velocity * momentum + step if d[NESTEROV] else velocity
            arena[d[WEIGHT] + k] += step * rate


@routine
def _update_row(tile, arena, d, state, first, last, output, count):
    """Features `first` … `last` of `count` outputs."""
    feature, at = first, output * d[FEATURES]
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
def weight_update(tile, arena, d, state, begin, end, thread):
    """Unit: a block of outputs. All of them go over FEATURE_BLOCK features before the next, so that those of the
    transposed copy stay in the second cache."""
    last = 0
    while last < d[FEATURES]:
        first, last = last, min(last + d[FEATURE_BLOCK], d[FEATURES])
        for unit in range(begin, end):
            output = unit * rows(tile)
            count = min(rows(tile), d[OUTPUTS] - output)
            _update_row(tile, arena, d, state, first, last, output, count)

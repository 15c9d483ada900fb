"""Losses and their gradients: a warp an image, eight images a block.

Each lane goes through every 32nd output. Sums over lanes have a fixed tree.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

import math

from numba import cuda, float32, int32

from netspec.kernels.cuda.language.activation import sigmoid
from netspec.kernels.cuda.language.jit import routine
from netspec.kernels.cuda.language.sums import ALL_LANES, warp_sum
from netspec.kernels.cuda.language.threads import lane, warp
from netspec.targets.cuda.sizes import LOSSES

CROSS_ENTROPY, BINARY_CROSS_ENTROPY, SQUARED_ERROR, HINGE = range(len(LOSSES))


@routine
def _target(label, k, s):
    """1 for the label's output and 0 for others; a single output's target is the label, -1 or 1 for hinge."""
    if s.outputs > 1 or s.function == CROSS_ENTROPY:
        return float32(1) if label == k else float32(0)
    number = float32(label)
    return number + number - float32(1) if s.function == HINGE else number


@routine
def _largest(z, first, mine, s):
    """The largest logit of an image, and the number of the first such, for all lanes."""
    best, number = float32(-math.inf), int32(s.outputs)
    k = mine
    while k < s.outputs:
        if z[first + k] > best:
            best, number = z[first + k], k
        k += 32
    step = int32(16)
    while step > 0:
        other, its = cuda.shfl_xor_sync(ALL_LANES, best, step), cuda.shfl_xor_sync(ALL_LANES, number, step)
        if other > best or (other == best and its < number):
            best, number = other, its
        step >>= 1
    return best, number


@routine
def _powers(z, first, mine, largest, s):
    """The sum of exp(z - largest) over an image's logits."""
    total = float32(0)
    k = mine
    while k < s.outputs:
        total += math.exp(z[first + k] - largest)
        k += 32
    return warp_sum(total)


@routine
def _own(z, first, mine, label, s):
    """The logit of the label."""
    own = float32(0)
    k = mine
    while k < s.outputs:
        if k == label:
            own = z[first + k]
        k += 32
    return warp_sum(own)


@routine
def _term(logit, label, k, own, s):
    """What output k adds to a loss that is a sum over outputs."""
    target, zero = _target(label, k, s), float32(0)
    if s.function == BINARY_CROSS_ENTROPY:
        positive = zero if logit <= zero else logit
        return positive - target * logit + math.log1p(math.exp(-abs(logit)))
    if s.function == SQUARED_ERROR:
        return float32(0.5) * (logit - target) * (logit - target)
    margin = float32(1) - target * logit if s.outputs == 1 else logit - own + float32(1)
    if margin <= zero or (s.outputs > 1 and k == label):
        return zero
    return margin


@routine
def _loss(z, first, mine, label, largest, s):
    """The loss of an image."""
    if s.function == CROSS_ENTROPY:
        return math.log(_powers(z, first, mine, largest, s)) + (largest - _own(z, first, mine, label, s))
    own = _own(z, first, mine, label, s) if s.function == HINGE else float32(0)
    total = float32(0)
    k = mine
    while k < s.outputs:
        total += _term(z[first + k], label, k, own, s)
        k += 32
    return warp_sum(total)


def loss(each, right, z, labels, images, s, boundary):
    """The loss of each image, and 1 where the class that its logits (N, outputs) mean is its label, else 0.

    A single output above `boundary` means class 1 (`ir/ranking.py`).
    """
    n = warp()
    if n >= images:
        return
    mine, first, label = lane(), int32(n * s.outputs), labels[n]
    largest, number = _largest(z, first, mine, s)
    if s.outputs == 1 and s.function != CROSS_ENTROPY:
        number = int32(1) if z[n] > boundary else int32(0)
    value = _loss(z, first, mine, label, largest, s)
    if mine == 0:
        each[n] = value
        right[n] = float32(1) if number == label else float32(0)


@routine
def _hinge_pushes(z, first, mine, label, own, s):
    """How many outputs other than the label's have a positive margin."""
    pushes = float32(0)
    k = mine
    while k < s.outputs:
        if k != label and z[first + k] - own + float32(1) > float32(0):
            pushes += float32(1)
        k += 32
    return warp_sum(pushes)


@routine
def _slope(logit, label, k, own, pushes, s):
    """The derivative of an image's loss by output k, of losses other than cross-entropy."""
    target, zero, one = _target(label, k, s), float32(0), float32(1)
    if s.function == BINARY_CROSS_ENTROPY:
        return sigmoid(logit) - target
    if s.function == SQUARED_ERROR:
        return logit - target
    if s.outputs == 1:
        return -target if one - target * logit > zero else zero
    if k == label:
        return -pushes
    return one if logit - own + one > zero else zero


def loss_gradient(dz, z, labels, images, s):
    """dz of the mean loss over the images."""
    n = warp()
    if n >= images:
        return
    mine, first, label = lane(), int32(n * s.outputs), labels[n]
    share = float32(1) / float32(images)
    largest, total, own, pushes = float32(0), float32(1), float32(0), float32(0)
    if s.function == CROSS_ENTROPY:
        largest, _ = _largest(z, first, mine, s)
        total = _powers(z, first, mine, largest, s)
    if s.function == HINGE:
        own = _own(z, first, mine, label, s)
        pushes = _hinge_pushes(z, first, mine, label, own, s)
    k = mine
    while k < s.outputs:
        logit = z[first + k]
        if s.function == CROSS_ENTROPY:
            dz[first + k] = (math.exp(logit - largest) / total - _target(label, k, s)) * share
        else:
            dz[first + k] = _slope(logit, label, k, own, pushes, s) * share
        k += 32

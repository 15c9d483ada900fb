"""Losses and their gradients. Each lane holds one image's logits. Lanes are summed by a fixed tree, groups in order.

Dead lanes add nothing to a sum and get a gradient of zero.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportGeneralTypeIssues=false

from typing import NamedTuple

from netspec.ir.operations import LossName
from netspec.ir.ranking import BOUNDARY
from netspec.kernels.cpu.language.descriptor import Operand, Words, places
from netspec.kernels.cpu.language.jit import kernel, routine
from netspec.kernels.cpu.language.memory import real
from netspec.kernels.cpu.language.rows import Row, place, where
from netspec.kernels.cpu.language.state import COUNT, GROUPS
from netspec.kernels.cpu.language.tile import lanes
from netspec.kernels.cpu.language.vector import (
    count_lanes,
    first_lanes,
    fma,
    load,
    load_integers,
    maximum,
    select,
    splat,
    splat_integer,
    store,
    sum_lanes,
    to_float,
)
from netspec.kernels.cpu.language.vector_math import exp, log, log1p, sigmoid
from netspec.targets.cpu.program import Launch, Program, Tile

CROSS_ENTROPY, BINARY_CROSS_ENTROPY, SQUARED_ERROR, HINGE = range(4)
CODES: dict[LossName, int] = {
    "cross_entropy": CROSS_ENTROPY,
    "binary_cross_entropy": BINARY_CROSS_ENTROPY,
    "squared_error": SQUARED_ERROR,
    "hinge": HINGE,
}
"""Code of a function in descriptors."""


class LossInputs(NamedTuple):
    """First words of both kernels."""

    code: int
    outputs: int
    logits: Operand
    labels: Operand


class LossSums(NamedTuple):
    """Words of `loss`: where the two sums are stored, and the `boundary` above which a single output means class 1."""

    inputs: LossInputs
    sum: int
    correct: int
    boundary: float


class LossCotangents(NamedTuple):
    """Words of `loss_gradient`."""

    inputs: LossInputs
    gradient: Operand


LOSS, GRADIENT = places(LossSums), places(LossCotangents)


@routine
def _target(tile, labels, k, outputs, code):
    """Target of output k: 1 for the label's output, 0 for others. A single output's target is the label, mapped to -1
    and 1 for hinge."""
    if outputs > 1 or code == CROSS_ENTROPY:
        return select(labels == k, 1.0, 0.0)
    number = to_float(labels)
    return number + number - 1.0 if code == HINGE else number


@routine
def _largest(tile, arena, z, outputs):
    """The largest logit, and the index of its first occurrence."""
    best, number = load(tile, arena, z), splat_integer(tile, 0)
    for k in range(1, outputs):
        logit = load(tile, arena, z + k * lanes(tile))
        better = logit > best
        best, number = select(better, logit, best), select(better, splat_integer(tile, k), number)
    return best, number


@routine
def _own(tile, arena, z, labels, outputs):
    """The logit of the label."""
    own = splat(tile, 0.0)
    for k in range(outputs):
        own = select(labels == k, load(tile, arena, z + k * lanes(tile)), own)
    return own


@routine
def _cross_entropy(tile, arena, z, labels, outputs):
    largest, _ = _largest(tile, arena, z, outputs)
    total = splat(tile, 0.0)
    for k in range(outputs):
        total += exp(load(tile, arena, z + k * lanes(tile)) - largest)
    return log(total) + (largest - _own(tile, arena, z, labels, outputs))


@routine
def _hinge(tile, arena, z, labels, outputs):
    """Sum of max(0, 1 + z_k - z_label) over k other than the label; for a single output max(0, 1 - t*z)."""
    if outputs == 1:
        target = _target(tile, labels, 0, outputs, HINGE)
        return maximum(0.0, fma(-target, load(tile, arena, z), 1.0))
    own, total = _own(tile, arena, z, labels, outputs), splat(tile, 0.0)
    for k in range(outputs):
        margin = maximum(0.0, load(tile, arena, z + k * lanes(tile)) - own + 1.0)
        total += select(labels == k, splat(tile, 0.0), margin)
    return total


@routine
def _loss(tile, arena, z, labels, outputs, code):
    """The loss of each lane's image."""
    if code == CROSS_ENTROPY:
        return _cross_entropy(tile, arena, z, labels, outputs)
    if code == HINGE:
        return _hinge(tile, arena, z, labels, outputs)
    total = splat(tile, 0.0)
    for k in range(outputs):
        logit, target = load(tile, arena, z + k * lanes(tile)), _target(tile, labels, k, outputs, code)
        if code == BINARY_CROSS_ENTROPY:
            total += fma(-target, logit, maximum(0.0, logit)) + log1p(exp(-abs(logit)))
        else:
            difference = logit - target
            total = fma(difference * 0.5, difference, total)
    return total


@routine
def _correct(tile, arena, z, labels, outputs, code, boundary):
    """Mask of correctly classified images, by the rule of `ir/ranking.py`; a single output above `boundary` means class
    1."""
    if outputs > 1 or code == CROSS_ENTROPY:
        _, number = _largest(tile, arena, z, outputs)
        return number == labels
    one, zero = splat_integer(tile, 1), splat_integer(tile, 0)
    return select(load(tile, arena, z) > boundary, one, zero) == labels


@kernel
def loss(tile, arena, d: Words[LossSums], state, begin, end, thread):
    """One unit: the whole minibatch."""
    code, outputs, boundary = d[LOSS.inputs.code], d[LOSS.inputs.outputs], real(d, LOSS.boundary)
    for _ in range(begin, end):
        total, correct = 0.0, 0
        for group in range(state[GROUPS]):
            z = d[LOSS.inputs.logits.place] + group * d[LOSS.inputs.logits.group]
            labels = load_integers(tile, arena, d[LOSS.inputs.labels.place] + group * d[LOSS.inputs.labels.group])
            live = first_lanes(tile, state[COUNT] - group * lanes(tile))
            total += sum_lanes(select(live, _loss(tile, arena, z, labels, outputs, code), 0.0))
            correct += count_lanes(live & _correct(tile, arena, z, labels, outputs, code, boundary))
        arena[d[LOSS.sum]], arena[d[LOSS.correct]] = total, correct


@routine
def _softmax_gradient(tile, arena, z, labels, outputs, dz, share):
    """Gradient of cross-entropy: (softmax - target) * share. dz holds the exponentials meanwhile."""
    largest, _ = _largest(tile, arena, z, outputs)
    total = splat(tile, 0.0)
    for i in range(0, outputs * lanes(tile), lanes(tile)):
        power = exp(load(tile, arena, z + i) - largest)
        store(arena, dz + i, power)
        total += power
    factor = 1.0 / total
    for k in range(outputs):
        i = dz + k * lanes(tile)
        store(arena, i, fma(load(tile, arena, i), factor, select(labels == k, -1.0, 0.0)) * share)


@routine
def _hinge_gradient(tile, arena, z, labels, outputs, dz, share):
    """Gradient of `_hinge`: `share` for each output with a positive margin, minus their sum for the label's."""
    own, pushes = _own(tile, arena, z, labels, outputs), splat(tile, 0.0)
    for k in range(outputs):
        margin = load(tile, arena, z + k * lanes(tile)) - own + 1.0
        counted = select((margin > 0.0) & (labels != k), share, splat(tile, 0.0))
        store(arena, dz + k * lanes(tile), counted)
        pushes += counted
    for k in range(outputs):
        i = dz + k * lanes(tile)
        store(arena, i, select(labels == k, -pushes, load(tile, arena, i)))


@routine
def _each_gradient(tile, arena, z, labels, outputs, dz, share, code):
    """Gradient of losses in which outputs are independent."""
    for k in range(outputs):
        logit, target = load(tile, arena, z + k * lanes(tile)), _target(tile, labels, k, outputs, code)
        if code == BINARY_CROSS_ENTROPY:
            slope = sigmoid(logit) - target
        elif code == HINGE:
            slope = select(fma(-target, logit, 1.0) > 0.0, -target, 0.0)
        else:
            slope = logit - target
        store(arena, dz + k * lanes(tile), slope * share)


@kernel
def loss_gradient(tile, arena, d: Words[LossCotangents], state, begin, end, thread):
    """Unit: a group. `share` is 1 / images in live lanes and 0 in dead ones, whose logits are finite."""
    code, outputs = d[GRADIENT.inputs.code], d[GRADIENT.inputs.outputs]
    for group in range(begin, end):
        z = d[GRADIENT.inputs.logits.place] + group * d[GRADIENT.inputs.logits.group]
        dz = d[GRADIENT.gradient.place] + group * d[GRADIENT.gradient.group]
        labels = load_integers(tile, arena, d[GRADIENT.inputs.labels.place] + group * d[GRADIENT.inputs.labels.group])
        share = select(first_lanes(tile, state[COUNT] - group * lanes(tile)), 1.0 / state[COUNT], 0.0)
        if code == CROSS_ENTROPY:
            _softmax_gradient(tile, arena, z, labels, outputs, dz, share)
        elif code == HINGE and outputs > 1:
            _hinge_gradient(tile, arena, z, labels, outputs, dz, share)
        else:
            _each_gradient(tile, arena, z, labels, outputs, dz, share, code)


def _loss_inputs(launch: Launch) -> LossInputs:
    logits, labels = launch.inputs
    return LossInputs(
        code=CODES[launch.operation.function],
        outputs=logits.value.shape[0],
        logits=where(logits),
        labels=where(labels),
    )


def loss_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    total, correct = launch.outputs
    boundary = BOUNDARY.get(launch.operation.function, 0.0)
    words = LossSums(inputs=_loss_inputs(launch), sum=place(total), correct=place(correct), boundary=boundary)
    return (Row(loss, Tile(1, 1), words, 1),)


def loss_gradient_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    words = LossCotangents(inputs=_loss_inputs(launch), gradient=where(launch.outputs[0]))
    return (Row(loss_gradient, Tile(1, 1), words, 1, per_group=True),)

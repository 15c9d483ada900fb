"""Calls of layers without weights."""

from __future__ import annotations

from netspec.ir import operations as ops
from netspec.ir.graph import Node, Value
from netspec.ir.random import keep_limit
from netspec.schedule.cuda.calls.building import (
    BLOCK,
    Calls,
    Operand,
    Planning,
    activation_number,
    maps,
    per_number,
    per_output,
)
from netspec.targets.cuda.processor import WARP_THREADS
from netspec.targets.cuda.program import Bits, Call
from netspec.targets.cuda.sizes import Applied, Elements, Pieces

COUNTER_WORDS = 4
"""Random words of a counter, each for one element."""


def activation(node: Node, planning: Planning) -> Calls:
    op, (x,), (y,) = node.operation, node.inputs, node.outputs
    assert isinstance(op, ops.Activation)
    s = Applied(y.elements, activation_number(op.function))
    return (per_output("activation", y, planning, y, x, "images", s, op.slope),)


def activation_gradient(node: Node, planning: Planning) -> Calls:
    op, (saved, dy), (dx,) = node.operation, node.inputs, node.outputs
    assert isinstance(op, ops.ActivationGradient)
    s = Applied(dx.elements, activation_number(op.function))
    return (per_output("activation_gradient", dx, planning, dx, saved, dy, "images", s, op.slope),)


def guided_gradient(node: Node, planning: Planning) -> Calls:
    op, (y, dy), (dx,) = node.operation, node.inputs, node.outputs
    assert isinstance(op, ops.GuidedGradient)
    s = Applied(dx.elements, activation_number(op.function))
    return (per_output("guided_gradient", dx, planning, dx, y, dy, "images", s),)


def reshape(node: Node, planning: Planning) -> Calls:
    """None: the numbers stay where they are."""
    return ()


def dropout(node: Node, planning: Planning) -> Calls:
    op, (x,), (y,) = node.operation, node.inputs, node.outputs
    assert isinstance(op, ops.Dropout)
    counters = planning.batch * -(-y.elements // COUNTER_WORDS)
    stream, bound = Bits(op.stream), Bits(keep_limit(op.probability) - 1)
    scale = 1.0 / (1.0 - op.probability)
    return (per_number("dropout", counters, y, x, "state", "images", Elements(y.elements), stream, bound, scale),)


def maxout(node: Node, planning: Planning) -> Calls:
    op, (x,), (y,) = node.operation, node.inputs, node.outputs
    assert isinstance(op, ops.Maxout)
    return (per_output("maxout", y, planning, y, x, "images", Pieces(*maps(y), op.pieces)),)


def maxout_gradient(node: Node, planning: Planning) -> Calls:
    op, (x, y, dy), (dx,) = node.operation, node.inputs, node.outputs
    assert isinstance(op, ops.MaxoutGradient)
    return (per_output("maxout_gradient", y, planning, dx, x, y, dy, "images", Pieces(*maps(y), op.pieces)),)


def softmax(node: Node, planning: Planning) -> Calls:
    (x,), (y,) = node.inputs, node.outputs
    return (_per_position("softmax", y, planning, y, x),)


def softmax_gradient(node: Node, planning: Planning) -> Calls:
    (y, dy), (dx,) = node.inputs, node.outputs
    return (_per_position("softmax_gradient", dx, planning, dx, y, dy),)


def _per_position(kernel: str, value: Value, planning: Planning, *arrays: Value) -> Call[Operand]:
    """A warp for each position of a value."""
    s = maps(value)
    blocks = -(-planning.batch * s.positions * WARP_THREADS // BLOCK)
    return Call(kernel, blocks, BLOCK, (*arrays, "images", s))

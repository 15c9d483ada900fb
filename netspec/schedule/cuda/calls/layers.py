"""Calls of layers without weights."""

from __future__ import annotations

from netspec.ir import operations as ops
from netspec.ir.graph import Node
from netspec.schedule.cuda.calls.building import Calls, Planning, activation_number, per_output
from netspec.targets.cuda.sizes import Applied


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


def reshape(node: Node, planning: Planning) -> Calls:
    """None: the numbers stay where they are."""
    return ()

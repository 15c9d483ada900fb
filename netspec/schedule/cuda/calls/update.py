"""Calls of the step of gradient descent."""

from __future__ import annotations

from netspec.ir import operations as ops
from netspec.ir.graph import Node, Value
from netspec.schedule.cuda.calls.building import Calls, Planning, per_output
from netspec.targets.cuda.sizes import Updates


def sgd_update(node: Node, planning: Planning) -> Calls:
    """The old weights and velocity are moved in place."""
    op, (w, g, *velocity, rate) = node.operation, node.inputs
    assert isinstance(op, ops.SgdUpdate)
    moved = velocity[0] if velocity else w
    return (per_output("sgd_update", w, planning, w, moved, g, rate, *update_sizes(op, w, bool(velocity))),)


def update_sizes(op: ops.SgdUpdate, w: Value, velocity: bool) -> tuple[Updates, float, float, float]:
    """Sizes, and the factors of rate, decay and momentum."""
    sizes = Updates(w.elements, int(velocity), int(op.nesterov))
    return sizes, float(op.rate_factor), float(op.decay), float(op.momentum)

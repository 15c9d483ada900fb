"""Calls of losses."""

from __future__ import annotations

from netspec.ir import operations as ops
from netspec.ir.graph import Node
from netspec.ir.ranking import BOUNDARY
from netspec.schedule.cuda.calls.building import BLOCK, Calls, Planning, Scratch, per_number
from netspec.targets.cuda.processor import WARP_THREADS
from netspec.targets.cuda.program import Call
from netspec.targets.cuda.sizes import LOSSES, Losses


def loss(node: Node, planning: Planning) -> Calls:
    op, (z, labels), (total, correct) = node.operation, node.inputs, node.outputs
    assert isinstance(op, ops.Loss)
    each, right = (Scratch(f"{value.name}.each", planning.batch) for value in (total, correct))
    s, boundary = Losses(z.elements, LOSSES.index(op.function)), BOUNDARY.get(op.function, 0.0)
    threads = WARP_THREADS * planning.batch
    return (
        per_number("loss", threads, each, right, z, labels, "images", s, boundary),
        Call("sum_all", 1, BLOCK, (total, each, "images")),
        Call("sum_all", 1, BLOCK, (correct, right, "images")),
    )


def loss_gradient(node: Node, planning: Planning) -> Calls:
    op, (z, labels), (dz,) = node.operation, node.inputs, node.outputs
    assert isinstance(op, ops.LossGradient)
    s = Losses(z.elements, LOSSES.index(op.function))
    return (per_number("loss_gradient", WARP_THREADS * planning.batch, dz, z, labels, "images", s),)

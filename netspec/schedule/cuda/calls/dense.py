"""Calls of dense layers."""

from __future__ import annotations

from netspec.ir import operations as ops
from netspec.ir.graph import Node, Value
from netspec.schedule.cuda.calls import tiled
from netspec.schedule.cuda.calls.building import Calls, Planning, activation_number, per_output
from netspec.schedule.cuda.calls.update import update_sizes
from netspec.targets.cuda.sizes import Products


def dense(node: Node, planning: Planning) -> Calls:
    op, (x, w, *bias), (y,) = node.operation, node.inputs, node.outputs
    assert isinstance(op, ops.Dense)
    in_tiles = tiled.dense(y, x, w, tiled.Fused(bias[0] if bias else None, op.activation), _products(x, y), planning)
    if in_tiles is not None:
        return in_tiles
    s = _products(x, y)._replace(biased=int(bool(bias)), activation=activation_number(op.activation.function))
    return (per_output("dense", y, planning, y, x, w, bias[0] if bias else w, "images", s, op.activation.slope),)


def input_gradient(node: Node, planning: Planning) -> Calls:
    (dy, w), (dx,) = node.inputs, node.outputs
    in_tiles = tiled.dense_input_gradient(dx, dy, w, _products(dx, dy), planning)
    return in_tiles or (per_output("dense_input_gradient", dx, planning, dx, dy, w, "images", _products(dx, dy)),)


def weight_gradient(node: Node, planning: Planning) -> Calls:
    (x, dy), (dw,) = node.inputs, node.outputs
    in_tiles = tiled.dense_weight_gradient(dw, x, dy, _products(x, dy), planning)
    return in_tiles or (per_output("dense_weight_gradient", dw, planning, dw, x, dy, "images", _products(x, dy)),)


def weight_update(node: Node, planning: Planning) -> Calls:
    """The old weights and velocity are moved in place."""
    op, (x, dy, w, *velocity, rate) = node.operation, node.inputs
    assert isinstance(op, ops.DenseWeightUpdate)
    moved = velocity[0] if velocity else w
    s, update = _products(x, dy), update_sizes(op.update, w, bool(velocity))
    in_tiles = tiled.dense_weight_update((w, moved), (x, dy, rate), s, update, planning)
    return in_tiles or (per_output("dense_weight_update", w, planning, w, moved, x, dy, rate, "images", s, *update),)


def _products(x: Value, y: Value) -> Products:
    return Products(y.elements, x.elements, 0, 0)

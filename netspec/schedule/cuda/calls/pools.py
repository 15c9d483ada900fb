"""Calls of pools and of upsampling."""

from __future__ import annotations

from netspec.ir import operations as ops
from netspec.ir.graph import Node, Value
from netspec.schedule.cuda.calls.building import Calls, Planning, per_output, windows
from netspec.targets.cuda.sizes import Border, Enlarged


def max_pool(node: Node, planning: Planning) -> Calls:
    op, (x,), (y, *index) = node.operation, node.inputs, node.outputs
    assert isinstance(op, ops.MaxPool)
    s = windows(op.window, x, y)
    kernel = "max_pool_with_index" if index else "max_pool"
    return (per_output(kernel, y, planning, y, *index, x, "images", s),)


def max_pool_gradient(node: Node, planning: Planning) -> Calls:
    op, (index, dy), (dx,) = node.operation, node.inputs, node.outputs
    assert isinstance(op, ops.MaxPoolGradient)
    s = windows(op.window, dx, dy)
    return (per_output("max_pool_gradient", dx, planning, dx, index, dy, "images", s),)


def average_pool(node: Node, planning: Planning) -> Calls:
    op, (x,), (y,) = node.operation, node.inputs, node.outputs
    assert isinstance(op, ops.AveragePool)
    return (per_output("average_pool", y, planning, y, x, "images", windows(op.window, x, y), _border(op)),)


def average_pool_gradient(node: Node, planning: Planning) -> Calls:
    op, (dy,), (dx,) = node.operation, node.inputs, node.outputs
    assert isinstance(op, ops.AveragePoolGradient)
    s = windows(op.window, dx, dy)
    return (per_output("average_pool_gradient", dx, planning, dx, dy, "images", s, _border(op)),)


def _border(op: ops.AveragePool | ops.AveragePoolGradient) -> Border:
    return Border(*op.window.before) if op.count_pad else Border(0, 0)


def upsample(node: Node, planning: Planning) -> Calls:
    op, (x,), (y,) = node.operation, node.inputs, node.outputs
    assert isinstance(op, ops.Upsample)
    return (per_output("upsample", y, planning, y, x, "images", _enlarged(x, op.factor)),)


def upsample_gradient(node: Node, planning: Planning) -> Calls:
    op, (dy,), (dx,) = node.operation, node.inputs, node.outputs
    assert isinstance(op, ops.UpsampleGradient)
    return (per_output("upsample_gradient", dx, planning, dx, dy, "images", _enlarged(dx, op.factor)),)


def _enlarged(small: Value, factor: int) -> Enlarged:
    c, h, w = small.shape
    return Enlarged(c, h, w, factor)

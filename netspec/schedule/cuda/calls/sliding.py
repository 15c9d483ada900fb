"""Calls of convolutions, deconvolutions and pools."""

from __future__ import annotations

from netspec.ir import operations as ops
from netspec.ir.graph import Node
from netspec.schedule.cuda.calls.building import Calls, Planning, per_number, per_output, windows
from netspec.schedule.cuda.calls.sums import image_chunks, in_two_stages


def convolution(node: Node, planning: Planning) -> Calls:
    op, (x, w, *bias), (y,) = node.operation, node.inputs, node.outputs
    assert isinstance(op, ops.Convolution)
    s = windows(op.window, x, y, op.groups, bool(bias), op.activation)
    return (per_output("convolution", y, planning, y, x, w, bias[0] if bias else w, "images", s, op.activation.slope),)


def convolution_input_gradient(node: Node, planning: Planning) -> Calls:
    op, (dy, w), (dx,) = node.operation, node.inputs, node.outputs
    assert isinstance(op, ops.ConvolutionInputGradient)
    s = windows(op.window, dx, dy, op.groups)
    return (per_output("convolution_input_gradient", dx, planning, dx, dy, w, w, "images", s, 0.0),)


def convolution_weight_gradient(node: Node, planning: Planning) -> Calls:
    op, (x, dy), (dw,) = node.operation, node.inputs, node.outputs
    assert isinstance(op, ops.ConvolutionWeightGradient)
    s, division = windows(op.window, x, dy, op.groups), image_chunks(dw.elements, planning)
    count = division.sums * division.parts
    return in_two_stages(
        dw,
        division,
        lambda parts: per_number("convolution_weight_gradient", count, parts, x, dy, "images", s, division),
    )


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

"""Calls of convolutions, deconvolutions and local layers."""

from __future__ import annotations

from netspec.ir import operations as ops
from netspec.ir.graph import Node
from netspec.schedule.cuda.calls import tiled
from netspec.schedule.cuda.calls.building import Calls, Planning, per_number, per_output, windows
from netspec.schedule.cuda.calls.sums import image_chunks, in_two_stages


def convolution(node: Node, planning: Planning) -> Calls:
    op, (x, w, *bias), (y,) = node.operation, node.inputs, node.outputs
    assert isinstance(op, ops.Convolution)
    s = windows(op.window, x, y, op.groups, bool(bias), op.activation)
    in_tiles = tiled.convolution(y, x, w, tiled.Fused(bias[0] if bias else None, op.activation), s, planning)
    return in_tiles or (
        per_output("convolution", y, planning, y, x, w, bias[0] if bias else w, "images", s, op.activation.slope),
    )


def convolution_input_gradient(node: Node, planning: Planning) -> Calls:
    op, (dy, w), (dx,) = node.operation, node.inputs, node.outputs
    assert isinstance(op, ops.ConvolutionInputGradient)
    s = windows(op.window, dx, dy, op.groups)
    in_tiles = tiled.input_gradient(dx, dy, w, tiled.Fused(), s, planning)
    return in_tiles or (per_output("convolution_input_gradient", dx, planning, dx, dy, w, w, "images", s, 0.0),)


def convolution_weight_gradient(node: Node, planning: Planning) -> Calls:
    op, (x, dy), (dw,) = node.operation, node.inputs, node.outputs
    assert isinstance(op, ops.ConvolutionWeightGradient)
    s = windows(op.window, x, dy, op.groups)
    in_tiles = tiled.weight_gradient(dw, x, dy, s, planning)
    if in_tiles is not None:
        return in_tiles
    division = image_chunks(dw.elements, planning)
    count = division.sums * division.parts
    return in_two_stages(
        dw,
        division,
        lambda parts: per_number("convolution_weight_gradient", count, parts, x, dy, "images", s, division),
    )


def deconvolution(node: Node, planning: Planning) -> Calls:
    """The input gradient of the convolution from y to x, with a bias and an activation."""
    op, (x, w, *bias), (y,) = node.operation, node.inputs, node.outputs
    assert isinstance(op, ops.Deconvolution)
    s = windows(op.window, y, x, biased=bool(bias), activation=op.activation)
    in_tiles = tiled.input_gradient(y, x, w, tiled.Fused(bias[0] if bias else None, op.activation), s, planning)
    b, slope = bias[0] if bias else w, op.activation.slope
    return in_tiles or (per_output("convolution_input_gradient", y, planning, y, x, w, b, "images", s, slope),)


def local(node: Node, planning: Planning) -> Calls:
    op, (x, w, *bias), (y,) = node.operation, node.inputs, node.outputs
    assert isinstance(op, ops.Local)
    s = windows(op.window, x, y, biased=bool(bias), activation=op.activation)
    return (per_output("local", y, planning, y, x, w, bias[0] if bias else w, "images", s, op.activation.slope),)


def local_input_gradient(node: Node, planning: Planning) -> Calls:
    op, (dy, w), (dx,) = node.operation, node.inputs, node.outputs
    assert isinstance(op, ops.LocalInputGradient)
    s = windows(op.window, dx, dy)
    return (per_output("local_input_gradient", dx, planning, dx, dy, w, "images", s),)


def local_weight_gradient(node: Node, planning: Planning) -> Calls:
    op, (x, dy), (dw,) = node.operation, node.inputs, node.outputs
    assert isinstance(op, ops.LocalWeightGradient)
    s, division = windows(op.window, x, dy), image_chunks(dw.elements, planning)
    count = division.sums * division.parts
    return in_two_stages(
        dw, division, lambda parts: per_number("local_weight_gradient", count, parts, x, dy, "images", s, division)
    )

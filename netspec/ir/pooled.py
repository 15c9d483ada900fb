"""The convolution inside a PooledConvolution."""

from __future__ import annotations

from netspec.ir.graph import Node, Value
from netspec.ir.operations import PooledConvolution
from netspec.ir.shapes import SHAPE_RULES


def sum_of(node: Node) -> Node:
    """The convolution of a PooledConvolution, with the output that it does not keep; any other node as it is."""
    if not isinstance(node.operation, PooledConvolution):
        return node
    convolution = node.operation.convolution
    (shape,) = SHAPE_RULES[type(convolution)](convolution, tuple(value.shape for value in node.inputs), ())
    return Node(convolution, node.inputs, (Value(f"{node.outputs[0].name}.unpooled", shape),), node.layer)

"""The convolution inside a PooledConvolution, for whoever deals with the sum alone, and how its rows lie until they are
pooled."""

from __future__ import annotations

from netspec.ir.graph import Node, Value
from netspec.ir.operations import PooledConvolution
from netspec.ir.shapes import SHAPE_RULES
from netspec.targets.cpu.packed_kernels import PAGE


def sum_of(node: Node) -> Node:
    """The convolution of a PooledConvolution, with the output that it does not keep; any other node as it is."""
    if not isinstance(node.operation, PooledConvolution):
        return node
    convolution = node.operation.convolution
    (shape,) = SHAPE_RULES[type(convolution)](convolution, tuple(value.shape for value in node.inputs), ())
    return Node(convolution, node.inputs, (Value(f"{node.outputs[0].name}.unpooled", shape),), node.layer)


def strip_stride(width: int, lanes: int) -> int:
    """float32 numbers from one channel to the next of two rows of a map that wait to be pooled: no multiple of 4096
    bytes, which would put all channels into the same few sets of the cache."""
    floats = 2 * width * lanes
    return floats + lanes if floats % PAGE == 0 else floats

"""Sees a convolution of one window, the whole map, as the dense layer that it is: those kernels suit it better."""

from __future__ import annotations

from dataclasses import replace

from netspec.ir.graph import Graph, Node, Value
from netspec.ir.operations import (
    Convolution,
    ConvolutionInputGradient,
    ConvolutionWeightGradient,
    Dense,
    DenseInputGradient,
    DenseWeightGradient,
    Operation,
    Window,
)
from netspec.ir.rewrite import with_nodes


def whole_windows(graph: Graph) -> Graph:
    """Makes such convolutions and their gradients those of Dense. Weights keep their shape, (K, C, H, W)."""
    return with_nodes(graph, (_changed(node) for node in graph.nodes))


def _changed(node: Node) -> Node:
    operation = _seen(node)
    return node if operation is node.operation else replace(node, operation=operation)


def _seen(node: Node) -> Operation:
    match node.operation:
        case Convolution(window, 1, activation) if _is_whole(window, node.inputs[0], node.outputs[0]):
            return Dense(activation)
        case ConvolutionInputGradient(window, 1) if _is_whole(window, node.outputs[0], node.inputs[0]):
            return DenseInputGradient()
        case ConvolutionWeightGradient(window, 1) if _is_whole(window, *node.inputs):
            return DenseWeightGradient()
        case _:
            return node.operation


def _is_whole(window: Window, x: Value, y: Value) -> bool:
    """Whether the one window that y comes from holds every pixel of x and nothing else."""
    covers = window.kernel == x.shape[1:] and window.before == (0, 0) and y.shape[1:] == (1, 1)
    return covers and all(k == 1 or d == 1 for k, d in zip(window.kernel, window.dilation, strict=True))

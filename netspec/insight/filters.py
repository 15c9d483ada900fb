"""Filters: the weights of a layer that lie over a part of its input like an image."""

from __future__ import annotations

from collections.abc import Mapping

from netspec.diagnostics.failure import UsageError
from netspec.ir.graph import Graph, Layer, Node, Value
from netspec.ir.operations import Convolution, Dense, Dropout, Local, Reshape
from netspec.runtime.machine import Array


def first_with_filters(graph: Graph) -> Layer:
    """The first layer that has filters. Raises UsageError (E472) where there is none."""
    for layer in graph.layers:
        if _node(graph, layer) is not None:
            return layer
    raise UsageError("E472", f"`{graph.name}` has no layer with filters: no `conv`, `local`, or `dense` on an image")


def layer_filters(graph: Graph, weights: Mapping[str, Array], layer: Layer) -> Array:
    """The filters of a layer, of a tied one those of another: (K, C, i, j) of `conv`, and of `dense` on an image, whose
    window is the image; (K, y, x, C, i, j) of `local`, one for each position. Raises UsageError (E472)."""
    node = _node(graph, layer)
    if node is None:
        helps = ("`--image` shows what it makes of an image",) if len(layer.output.shape) == 3 else ()
        raise UsageError("E472", f"`{layer.name}` has no filters", helps=helps)
    weight = weights[node.inputs[1].name]
    if isinstance(node.operation, Dense):
        return weight.reshape(len(weight), *graph.inputs[0].shape)
    return weight


def _node(graph: Graph, layer: Layer) -> Node | None:
    """The node of a layer that applies filters."""
    return next((node for node in layer.nodes if _applies_filters(graph, node)), None)


def _applies_filters(graph: Graph, node: Node) -> bool:
    match node.operation:
        case Convolution() | Local():
            return True
        case Dense():
            return _is_image(graph, node.inputs[0])
        case _:
            return False


def _is_image(graph: Graph, value: Value) -> bool:
    """Whether a value is the pixels of the image in their order."""
    image, made = graph.inputs[0], {output: node for node in graph.nodes for output in node.outputs}
    while value in made and isinstance(made[value].operation, Reshape | Dropout):
        value = made[value].inputs[0]
    return value == image and len(image.shape) == 3

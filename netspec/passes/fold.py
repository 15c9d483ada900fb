"""Folds a BatchNorm with running statistics into the weights before it, so that prediction does not compute it.

With factor = scale / sqrt(variance + epsilon), a channel at a time, y = factor * (w*x + b - mean) + shift is a layer
of weights factor * w and bias factor * (b - mean) + shift. The pass says which arrays to make; `fold_weights.py` makes
them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from netspec.ir.graph import Graph, Initial, Layer, Node, Parameter, Value
from netspec.ir.operations import IDENTITY, BatchNorm, Convolution, Deconvolution, Dense, Local, Operation
from netspec.ir.rewrite import substitute


@dataclass(frozen=True, slots=True)
class Fold:
    """`made_weight` and `made_bias` take the place of a layer's weight and bias, and of the BatchNorm behind it."""

    weight: Value
    bias: Value | None
    axis: int
    """of the weight, along which output channels lie"""
    statistics: tuple[Value, Value, Value, Value]
    """scale, shift, mean, variance, each (K,)"""
    epsilon: float
    made_weight: Value
    made_bias: Value


@dataclass(frozen=True)
class Folded:
    """A forward pass whose parameters and states are those of the checked graph and what `folds` make of them."""

    graph: Graph
    folds: tuple[Fold, ...]


def fold_batch_norms(graph: Graph) -> Folded:
    """Joins each BatchNorm to the layer with weights before it, where nothing else reads between the two.

    Parameters and states that nothing reads any longer are dropped.
    """
    reads = Counter(value for node in graph.nodes for value in node.inputs)
    reads.update(graph.outputs)
    makers = {node.outputs[0]: node for node in graph.nodes if _scalable(node.operation)}
    norms = {
        node.inputs[0]: node
        for node in graph.nodes
        if isinstance(node.operation, BatchNorm) and node.inputs[0] in makers and reads[node.inputs[0]] == 1
    }
    folds = {linear: _fold(makers[linear], norm) for linear, norm in norms.items()}
    gone = {norm.outputs[0] for norm in norms.values()}
    nodes = (_scaled(node, folds) for node in graph.nodes if node.outputs[0] not in gone)
    joined = substitute(graph, {linear: norm.outputs[0] for linear, norm in norms.items()}, nodes)
    made = (value for fold in folds.values() for value in (fold.made_weight, fold.made_bias))
    parameters = (*joined.parameters, *(Parameter(value, Initial("zeros")) for value in made))
    return Folded(without_unread_arrays(replace(joined, parameters=parameters)), tuple(folds.values()))


def _scalable(operation: Operation) -> bool:
    return isinstance(operation, Convolution | Deconvolution | Local | Dense) and operation.activation == IDENTITY


def _fold(maker: Node, norm: Node) -> Fold:
    _, weight, *bias = maker.inputs
    _, scale, shift, mean, variance = norm.inputs
    operation = norm.operation
    assert isinstance(operation, BatchNorm)
    untied = isinstance(maker.operation, Local)
    shape = maker.outputs[0].shape if untied else scale.shape
    return Fold(
        weight,
        bias[0] if bias else None,
        1 if isinstance(maker.operation, Deconvolution) else 0,
        (scale, shift, mean, variance),
        operation.epsilon,
        Value(f"{norm.layer}.weight", weight.shape, batched=False),
        Value(f"{norm.layer}.bias", shape, batched=False),
    )


def _scaled(node: Node, folds: dict[Value, Fold]) -> Node:
    fold = folds.get(node.outputs[0])
    return replace(node, inputs=(node.inputs[0], fold.made_weight, fold.made_bias)) if fold else node


def without_unread_arrays(graph: Graph) -> Graph:
    """Without the parameters and states that no node reads; layers no longer name them."""
    read = {value for node in graph.nodes for value in node.inputs}
    parameters = tuple(parameter for parameter in graph.parameters if parameter.value in read)
    states = tuple(state for state in graph.states if state.value in read)
    names = {parameter.value.name for parameter in parameters}
    layers = tuple(_naming(layer, names) for layer in graph.layers)
    return replace(graph, parameters=parameters, states=states, layers=layers)


def _naming(layer: Layer, names: set[str]) -> Layer:
    kept = tuple(name for name in layer.parameters if name in names)
    return replace(layer, parameters=kept, owned=tuple(name for name in layer.owned if name in names))

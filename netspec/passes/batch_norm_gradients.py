"""Lets the gradient of a batch normalisation add up its cotangents and take them back through the activation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from netspec.ir.graph import Graph, Node, Value
from netspec.ir.operations import (
    IDENTITY,
    PIECEWISE_LINEAR,
    Activation,
    ActivationGradient,
    Add,
    BatchNormAddGradient,
    BatchNormGradient,
    BatchNormTraining,
)
from netspec.ir.rewrite import reads, with_nodes

SEEN = (Activation, ActivationGradient, Add, BatchNormTraining)
"""What a gradient is traced back through."""


@dataclass(frozen=True, slots=True)
class _Cotangent:
    """dz = f'(y) * (sum of `terms`), made by the nodes that give `inner`, the last of them dz; y is `saved`."""

    activation: Activation
    saved: Value | None
    terms: tuple[Value, ...]
    inner: tuple[Value, ...]


def fuse_batch_norm_gradients(graph: Graph) -> Graph:
    """A BatchNormGradient that reads an ActivationGradient, an Add, or the one of the other, does their work.

    What only it reads disappears. What others read too (the branches of a sum) it gives as well, from where it was
    made; of several gradients that read the same cotangent, the first does so. Only PIECEWISE_LINEAR activations,
    which cost a kernel next to nothing, are taken in.
    """
    made = {node.outputs[0]: node for node in graph.nodes if isinstance(node.operation, SEEN)}
    cotangents = {node.inputs[-1] for node in graph.nodes if isinstance(node.operation, BatchNormGradient)}
    counted = reads(graph, cotangents | {dy for dz in cotangents for dy in _derived_from(dz, made)})
    fused: dict[Value, Node] = {}
    gone: set[Value] = set()
    for node in graph.nodes:
        cotangent = _cotangent(node, made, counted)
        if cotangent is None or not gone.isdisjoint(cotangent.inner):
            continue
        gone.update((*cotangent.inner, node.outputs[0]))
        joined = _joined(node, cotangent, made, counted)
        fused[cotangent.inner[-1] if len(joined.outputs) > len(node.outputs) else node.outputs[0]] = joined
    if not fused:
        return graph
    return with_nodes(graph, (each for node in graph.nodes for each in _placed(node, fused, gone)))


def _derived_from(dz: Value, made: Mapping[Value, Node]) -> tuple[Value, ...]:
    """The cotangent that an ActivationGradient makes `dz` of; none, where something else makes it."""
    node = made.get(dz)
    return node.inputs[1:] if node is not None and isinstance(node.operation, ActivationGradient) else ()


def _placed(node: Node, fused: Mapping[Value, Node], gone: set[Value]) -> tuple[Node, ...]:
    """A node as it is, nothing, or the fused one that stands where it did."""
    y = node.outputs[0]
    if y in fused:
        return (fused[y],)
    return () if y in gone else (node,)


def _cotangent(node: Node, made: Mapping[Value, Node], counted: Mapping[Value, int]) -> _Cotangent | None:
    """What a plain BatchNormGradient can take in."""
    if node.operation != BatchNormGradient() or len(node.inputs) != 6:
        return None
    dz = node.inputs[-1]
    derivative = made.get(dz)
    if derivative is None or not isinstance(derivative.operation, ActivationGradient):
        terms = _terms(dz, made)
        return _Cotangent(IDENTITY, None, terms, (dz,)) if len(terms) > 1 else None
    function, slope = derivative.operation.function, derivative.operation.slope
    if function not in PIECEWISE_LINEAR:
        return None
    saved, dy = derivative.inputs
    terms = _terms(dy, made) if counted[dy] == 1 else (dy,)
    inner = (dy, dz) if len(terms) > 1 else (dz,)
    return _Cotangent(Activation(function, slope), saved, terms, inner)


def _terms(value: Value, made: Mapping[Value, Node]) -> tuple[Value, ...]:
    """What an Add makes `value` of, or the value itself."""
    node = made.get(value)
    return node.inputs if node is not None and isinstance(node.operation, Add) else (value,)


def _joined(node: Node, cotangent: _Cotangent, made: Mapping[Value, Node], counted: Mapping[Value, int]) -> Node:
    """The one node: from x alone where the activation was of what the normalisation gave, and nobody else reads dz."""
    x, scale, shift, mean, inverse, dz = node.inputs
    if counted[dz] == 1 and (cotangent.saved is None or _applied_to(cotangent.saved, made) == mean):
        inputs = (x, scale, shift, mean, inverse, *cotangent.terms)
        return Node(BatchNormGradient(cotangent.activation), inputs, node.outputs, node.layer)
    saved = () if cotangent.saved is None else (cotangent.saved,)
    inputs = (x, scale, mean, inverse, *saved, *cotangent.terms)
    return Node(BatchNormAddGradient(cotangent.activation), inputs, (*node.outputs, dz), node.layer)


def _applied_to(y: Value, made: Mapping[Value, Node]) -> Value | None:
    """The mean of the batch normalisation whose output an activation turned into y."""
    activation = made.get(y)
    if activation is None or not isinstance(activation.operation, Activation):
        return None
    source = made.get(activation.inputs[0])
    normalised = source is not None and isinstance(source.operation, BatchNormTraining)
    return source.outputs[1] if source is not None and normalised else None

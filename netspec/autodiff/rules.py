"""Vector-Jacobian products: for every forward operation, how the cotangents of its inputs come from its output's.

A literal table, one entry per operation that a training graph's forward part may hold. A rule only names operations
and values; `differentiate` makes the nodes, and leaves out the products that nobody wants.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from netspec.diagnostics.failure import CompilerBug
from netspec.ir import operations as ops
from netspec.ir.graph import Node, Value
from netspec.ir.operations import IDENTITY, SAVES_INPUT, Operation


@dataclass(frozen=True, slots=True)
class Product:
    """`operation` on `inputs` gives the cotangents of the node's inputs at the places `of`, in this order.

    Without an operation the cotangent is `inputs[0]` itself.
    """

    of: tuple[int, ...]
    operation: Operation | None
    inputs: tuple[Value, ...]


Products = tuple[Product, ...]
Rule = Callable[[Any, Node, Value], Products]
"""operation, node, cotangent of the node's first output -> products, that of the layer's input last"""


def products(node: Node, dy: Value) -> Products:
    """The vector-Jacobian products of a forward node; raises CompilerBug for an operation that has none."""
    rule = RULES.get(type(node.operation))
    if rule is None:
        raise CompilerBug(f"{type(node.operation).__name__} has no derivative")
    return rule(node.operation, node, dy)


def guided_products(node: Node, dy: Value) -> Products:
    """The same, but of rectifiers by the guided rule, which is no derivative (`ir/operations.py: GuidedGradient`)."""
    match node.operation:
        case ops.Activation(function) if function in ops.RECTIFIERS:
            return (Product((0,), ops.GuidedGradient(function), (node.outputs[0], dy)),)
        case _:
            return products(node, dy)


def _plain(activation: ops.Activation) -> None:
    if activation != IDENTITY:
        raise CompilerBug(f"differentiate before fusing: {activation} is fused into its producer")


def _activation(op: ops.Activation, node: Node, dy: Value) -> Products:
    if op == IDENTITY:
        return (Product((0,), None, (dy,)),)
    saved = node.inputs[0] if op.function in SAVES_INPUT else node.outputs[0]
    return (Product((0,), ops.ActivationGradient(op.function, op.slope), (saved, dy)),)


def _convolution(op: ops.Convolution, node: Node, dy: Value) -> Products:
    _plain(op.activation)
    x, w, *bias = node.inputs
    return (
        *_bias(bias, ops.ChannelSum(), dy),
        Product((1,), ops.ConvolutionWeightGradient(op.window, op.groups), (x, dy)),
        Product((0,), ops.ConvolutionInputGradient(op.window, op.groups), (dy, w)),
    )


def _deconvolution(op: ops.Deconvolution, node: Node, dy: Value) -> Products:
    """It is linear and the transpose of a Convolution, so its input gradient is that Convolution, and its weight
    gradient that of the Convolution with dy as its input and x as its cotangent."""
    _plain(op.activation)
    x, w, *bias = node.inputs
    return (
        *_bias(bias, ops.ChannelSum(), dy),
        Product((1,), ops.ConvolutionWeightGradient(op.window), (dy, x)),
        Product((0,), ops.Convolution(op.window), (dy, w)),
    )


def _local(op: ops.Local, node: Node, dy: Value) -> Products:
    _plain(op.activation)
    x, w, *bias = node.inputs
    return (
        *_bias(bias, ops.BatchSum(), dy),
        Product((1,), ops.LocalWeightGradient(op.window), (x, dy)),
        Product((0,), ops.LocalInputGradient(op.window), (dy, w)),
    )


def _dense(op: ops.Dense, node: Node, dy: Value) -> Products:
    _plain(op.activation)
    x, w, *bias = node.inputs
    return (
        *_bias(bias, ops.BatchSum() if len(dy.shape) == 1 else ops.ChannelSum(), dy),
        Product((1,), ops.DenseWeightGradient(), (x, dy)),
        Product((0,), ops.DenseInputGradient(), (dy, w)),
    )


def _bias(bias: list[Value], total: ops.ChannelSum | ops.BatchSum, dy: Value) -> Products:
    return tuple(Product((2,), total, (dy,)) for _ in bias)


def _max_pool(op: ops.MaxPool, node: Node, dy: Value) -> Products:
    return (Product((0,), ops.MaxPoolGradient(op.window), (node.outputs[1], dy)),)


def _average_pool(op: ops.AveragePool, _: Node, dy: Value) -> Products:
    return (Product((0,), ops.AveragePoolGradient(op.window, op.count_pad), (dy,)),)


def _upsample(op: ops.Upsample, _: Node, dy: Value) -> Products:
    return (Product((0,), ops.UpsampleGradient(op.factor), (dy,)),)


def _batch_norm(op: ops.BatchNorm, node: Node, dy: Value) -> Products:
    """That of x alone: running statistics are constants here, and training moves scale and shift by the batch's own."""
    _, scale, _, _, variance = node.inputs
    return (Product((0,), ops.BatchNormInputGradient(op.epsilon), (dy, scale, variance)),)


def _batch_norm_training(op: ops.BatchNormTraining, node: Node, dy: Value) -> Products:
    _plain(op.activation)
    x, scale, shift, *_running = node.inputs
    _y, batch_mean, inverse_deviation, *_new = node.outputs
    return (Product((0, 1, 2), ops.BatchNormGradient(), (x, scale, shift, batch_mean, inverse_deviation, dy)),)


def _local_response_norm(op: ops.LocalResponseNorm, node: Node, dy: Value) -> Products:
    gradient = ops.LocalResponseNormGradient(op.size, op.alpha, op.beta, op.k)
    return (Product((0,), gradient, (node.inputs[0], dy)),)


def _maxout(op: ops.Maxout, node: Node, dy: Value) -> Products:
    return (Product((0,), ops.MaxoutGradient(op.pieces), (node.inputs[0], node.outputs[0], dy)),)


def _dropout(op: ops.Dropout, _: Node, dy: Value) -> Products:
    """The same mask from the same counters."""
    return (Product((0,), op, (dy,)),)


def _reshape(_: ops.Reshape, __: Node, dy: Value) -> Products:
    return (Product((0,), ops.Reshape(), (dy,)),)


def _softmax(_: ops.Softmax, node: Node, dy: Value) -> Products:
    return (Product((0,), ops.SoftmaxGradient(), (node.outputs[0], dy)),)


def _add(_: ops.Add, node: Node, dy: Value) -> Products:
    return tuple(Product((place,), None, (dy,)) for place in range(len(node.inputs)))


def _concatenate(_: ops.Concatenate, node: Node, dy: Value) -> Products:
    slices: list[Product] = []
    begin = 0
    for place, x in enumerate(node.inputs):
        slices.append(Product((place,), ops.Slice(begin, begin + x.shape[0]), (dy,)))
        begin += x.shape[0]
    return tuple(slices)


RULES: Mapping[type[Operation], Rule] = {
    ops.Activation: _activation,
    ops.Convolution: _convolution,
    ops.Deconvolution: _deconvolution,
    ops.Local: _local,
    ops.Dense: _dense,
    ops.MaxPool: _max_pool,
    ops.AveragePool: _average_pool,
    ops.Upsample: _upsample,
    ops.BatchNorm: _batch_norm,
    ops.BatchNormTraining: _batch_norm_training,
    ops.LocalResponseNorm: _local_response_norm,
    ops.Maxout: _maxout,
    ops.Dropout: _dropout,
    ops.Reshape: _reshape,
    ops.Softmax: _softmax,
    ops.Add: _add,
    ops.Concatenate: _concatenate,
}

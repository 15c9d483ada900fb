"""How operations without weights or windows are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from netspec.ir import operations as ops
from netspec.ir.graph import Node
from netspec.ir.operations import ActivationName
from netspec.onnx_file.draft import Draft

Written = Callable[[Draft, ops.Activation, str, str], str]
"""draft, activation, names of input and output -> name of the output"""


def _relu6(draft: Draft, _: ops.Activation, x: str, y: str) -> str:
    return draft.add("Clip", (x, draft.scalar(f"{y}/low", 0.0), draft.scalar(f"{y}/high", 6.0)), y)


def _leaky_relu(draft: Draft, op: ops.Activation, x: str, y: str) -> str:
    return draft.add("LeakyRelu", (x,), y, alpha=op.slope)


def _silu(draft: Draft, _: ops.Activation, x: str, y: str) -> str:
    return draft.add("Mul", (x, draft.add("Sigmoid", (x,), f"{y}/sigmoid")), y)


def _by_itself(kind: str) -> Written:
    """An activation that ONNX has, with its defaults."""
    return lambda draft, _, x, y: draft.add(kind, (x,), y)


ACTIVATIONS: Mapping[ActivationName, Written] = {
    "identity": _by_itself("Identity"),
    "relu": _by_itself("Relu"),
    "relu6": _relu6,
    "leaky_relu": _leaky_relu,
    "elu": _by_itself("Elu"),
    "gelu": _by_itself("Gelu"),
    "silu": _silu,
    "softplus": _by_itself("Softplus"),
    "sigmoid": _by_itself("Sigmoid"),
    "tanh": _by_itself("Tanh"),
}


def activate(draft: Draft, op: ops.Activation, x: str, y: str) -> str:
    """The function applied to `x`, as `y`."""
    return ACTIVATIONS[op.function](draft, op, x, y)


def activation(op: ops.Activation, node: Node, draft: Draft) -> None:
    activate(draft, op, node.inputs[0].name, node.outputs[0].name)


def same(_: object, node: Node, draft: Draft) -> None:
    draft.add("Identity", (node.inputs[0].name,), node.outputs[0].name)


def maxout(op: ops.Maxout, node: Node, draft: Draft) -> None:
    """The largest along an axis of its own: (N, C / pieces, pieces, ...). It is dropped by a step of its own: OpenVINO
    2026.4 computes what follows a reduction wrongly, a channel at a time, where that drops the axis."""
    (x,), (y,) = node.inputs, node.outputs
    pieces = draft.reshaped(x.name, f"{y.name}/pieces", y.shape[0], op.pieces, *y.shape[1:])
    axis = draft.constant(f"{y.name}/axis", np.array([2], np.int64))
    largest = draft.add("ReduceMax", (pieces, axis), f"{y.name}/largest", keepdims=1)
    draft.reshaped(largest, y.name, *y.shape)


def reshape(_: ops.Reshape, node: Node, draft: Draft) -> None:
    draft.reshaped(node.inputs[0].name, node.outputs[0].name, *node.outputs[0].shape)


def softmax(_: ops.Softmax, node: Node, draft: Draft) -> None:
    draft.add("Softmax", (node.inputs[0].name,), node.outputs[0].name, axis=1)


def add(_: ops.Add, node: Node, draft: Draft) -> None:
    """From left to right."""
    total, y = node.inputs[0].name, node.outputs[0].name
    for number, x in enumerate(node.inputs[1:], 2):
        total = draft.add("Add", (total, x.name), y if number == len(node.inputs) else f"{y}/{number}")
    if len(node.inputs) == 1:
        draft.add("Identity", (total,), y)


def concatenate(_: ops.Concatenate, node: Node, draft: Draft) -> None:
    draft.add("Concat", [x.name for x in node.inputs], node.outputs[0].name, axis=1)

"""How each operation of a prediction is written in ONNX: one entry an operation that a checked net may hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from netspec.ir import operations as ops
from netspec.ir.graph import Node
from netspec.ir.operations import Operation
from netspec.onnx_file import elementwise, layers, normalization, pooling
from netspec.onnx_file.draft import Draft

Rule = Callable[[Any, Node, Draft], None]
"""operation, the node that applies it, draft that gets its steps"""

RULES: Mapping[type[Operation], Rule] = {
    ops.Activation: elementwise.activation,
    ops.Convolution: layers.convolution,
    ops.Deconvolution: layers.deconvolution,
    ops.Local: layers.local,
    ops.Dense: layers.dense,
    ops.MaxPool: pooling.max_pool,
    ops.AveragePool: pooling.average_pool,
    ops.Upsample: pooling.upsample,
    ops.BatchNorm: normalization.batch_norm,
    ops.LocalResponseNorm: normalization.local_response_norm,
    ops.Maxout: elementwise.maxout,
    ops.Dropout: elementwise.same,
    ops.Reshape: elementwise.reshape,
    ops.Softmax: elementwise.softmax,
    ops.Add: elementwise.add,
    ops.Concatenate: elementwise.concatenate,
}

"""The oracle: what every operation means, in plain NumPy, slow and obvious.

Passes, plans and kernels are judged by it, never by themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from netspec.diagnostics.failure import CompilerBug
from netspec.ir import evaluate_convolution as convolution
from netspec.ir import evaluate_elementwise as elementwise
from netspec.ir import evaluate_loss as loss
from netspec.ir import evaluate_normalization as normalization
from netspec.ir import evaluate_pooling as pooling
from netspec.ir import operations as ops
from netspec.ir.evaluate_context import Array, Arrays, Context, Meaning
from netspec.ir.graph import Graph, Node, Value
from netspec.ir.operations import Operation


def evaluate(
    graph: Graph, feeds: Mapping[str, Array], *, dtype: Any = np.float64, seed: int = 0, step: int = 0
) -> dict[str, Array]:
    """Runs the graph and gives every value by name.

    `feeds` holds the inputs, parameters and states by name: batched ones (N, *shape), all with the same N of at least
    one. Floats are computed in `dtype`; int32 stays. Updates are not carried out: the new values are there by name.
    Raises CompilerBug when a feed is missing or misshapen, or an operation's result is not of the shape declared.
    """
    context = Context(dtype, seed, step)
    sources = [*graph.inputs, *(kept.value for kept in (*graph.parameters, *graph.states))]
    values = {value.name: _feed(value, feeds, dtype) for value in sources}
    images = {len(values[value.name]) for value in sources if value.batched}
    if len(images) > 1:
        raise CompilerBug(f"the inputs hold different numbers of images: {sorted(images)}")
    for node in graph.nodes:
        values.update(run_node(node, values, context))
    return values


def run_node(node: Node, values: Mapping[str, Array], context: Context) -> dict[str, Array]:
    """The node's outputs by name; `values` holds at least its inputs."""
    arrays = apply(node.operation, tuple(values[value.name] for value in node.inputs), node.outputs, context)
    for array, value in zip(arrays, node.outputs, strict=True):
        _check_shape(array, value)
    return {value.name: array for array, value in zip(arrays, node.outputs, strict=True)}


def apply(operation: Operation, inputs: Arrays, outputs: tuple[Value, ...], context: Context) -> Arrays:
    """One operation on arrays, batched ones (N, *shape). `outputs` are the values as the node declares them."""
    return MEANINGS[type(operation)](operation, inputs, outputs, context)


def _feed(value: Value, feeds: Mapping[str, Array], dtype: Any) -> Array:
    if value.name not in feeds:
        raise CompilerBug(f"nothing is fed to `{value.name}`; given are {sorted(feeds)}")
    array = np.asarray(feeds[value.name], np.int32 if value.dtype == "int32" else dtype)
    _check_shape(array, value)
    return array


def _check_shape(array: Array, value: Value) -> None:
    shape = array.shape[1:] if value.batched else array.shape
    if shape != value.shape or (value.batched and array.ndim == 0):
        raise CompilerBug(f"`{value.name}` should be {value.shape} (batched: {value.batched}), found {array.shape}")


MEANINGS: Mapping[type[Operation], Meaning] = {
    ops.Activation: elementwise.activation,
    ops.ActivationGradient: elementwise.activation_gradient,
    ops.GuidedGradient: elementwise.guided_gradient,
    ops.Convolution: convolution.convolution,
    ops.ConvolutionInputGradient: convolution.convolution_input_gradient,
    ops.ConvolutionWeightGradient: convolution.convolution_weight_gradient,
    ops.Deconvolution: convolution.deconvolution,
    ops.Local: convolution.local,
    ops.LocalInputGradient: convolution.local_input_gradient,
    ops.LocalWeightGradient: convolution.local_weight_gradient,
    ops.Dense: convolution.dense,
    ops.DenseInputGradient: convolution.dense_input_gradient,
    ops.DenseWeightGradient: convolution.dense_weight_gradient,
    ops.ChannelSum: convolution.channel_sum,
    ops.BatchSum: convolution.batch_sum,
    ops.MaxPool: pooling.max_pool,
    ops.PooledConvolution: pooling.pooled_convolution,
    ops.MaxPoolGradient: pooling.max_pool_gradient,
    ops.AveragePool: pooling.average_pool,
    ops.AveragePoolGradient: pooling.average_pool_gradient,
    ops.Upsample: pooling.upsample,
    ops.UpsampleGradient: pooling.upsample_gradient,
    ops.BatchNorm: normalization.batch_norm,
    ops.BatchNormInputGradient: normalization.batch_norm_input_gradient,
    ops.BatchNormTraining: normalization.batch_norm_training,
    ops.BatchNormGradient: normalization.batch_norm_gradient,
    ops.BatchNormAddGradient: normalization.batch_norm_add_gradient,
    ops.LocalResponseNorm: normalization.local_response_norm,
    ops.LocalResponseNormGradient: normalization.local_response_norm_gradient,
    ops.Maxout: elementwise.maxout,
    ops.MaxoutGradient: elementwise.maxout_gradient,
    ops.Dropout: elementwise.dropout,
    ops.Reshape: elementwise.reshape,
    ops.Softmax: elementwise.softmax,
    ops.SoftmaxGradient: elementwise.softmax_gradient,
    ops.Add: elementwise.add,
    ops.Concatenate: elementwise.concatenate,
    ops.Slice: elementwise.slice_channels,
    ops.Loss: loss.loss,
    ops.LossGradient: loss.loss_gradient,
    ops.SgdUpdate: loss.sgd_update,
    ops.DenseWeightUpdate: loss.dense_weight_update,
}

"""Table of calls: for each operation, the builder of the calls of its launches."""

from __future__ import annotations

from netspec.ir import operations as ops
from netspec.ir.operations import Operation
from netspec.schedule.cuda.calls import dense, layers, loss, sliding, sums, update
from netspec.schedule.cuda.calls.building import CallBuilder

CALLS: dict[type[Operation], CallBuilder] = {
    ops.Activation: layers.activation,
    ops.ActivationGradient: layers.activation_gradient,
    ops.Convolution: sliding.convolution,
    ops.ConvolutionInputGradient: sliding.convolution_input_gradient,
    ops.ConvolutionWeightGradient: sliding.convolution_weight_gradient,
    ops.Dense: dense.dense,
    ops.DenseInputGradient: dense.input_gradient,
    ops.DenseWeightGradient: dense.weight_gradient,
    ops.DenseWeightUpdate: dense.weight_update,
    ops.ChannelSum: sums.channel_sum,
    ops.BatchSum: sums.batch_sum,
    ops.MaxPool: sliding.max_pool,
    ops.MaxPoolGradient: sliding.max_pool_gradient,
    ops.Reshape: layers.reshape,
    ops.Loss: loss.loss,
    ops.LossGradient: loss.loss_gradient,
    ops.SgdUpdate: update.sgd_update,
}

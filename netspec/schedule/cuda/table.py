"""Table of calls: for each operation, the builder of the calls of its launches. A PooledConvolution is made by the
planner of the CPU alone."""

from __future__ import annotations

from netspec.ir import operations as ops
from netspec.ir.operations import Operation
from netspec.schedule.cuda.calls import dense, join, layers, loss, normalization, pools, sliding, sums, update
from netspec.schedule.cuda.calls.building import CallBuilder

CALLS: dict[type[Operation], CallBuilder] = {
    ops.Activation: layers.activation,
    ops.ActivationGradient: layers.activation_gradient,
    ops.GuidedGradient: layers.guided_gradient,
    ops.Convolution: sliding.convolution,
    ops.ConvolutionInputGradient: sliding.convolution_input_gradient,
    ops.ConvolutionWeightGradient: sliding.convolution_weight_gradient,
    ops.Deconvolution: sliding.deconvolution,
    ops.Local: sliding.local,
    ops.LocalInputGradient: sliding.local_input_gradient,
    ops.LocalWeightGradient: sliding.local_weight_gradient,
    ops.Dense: dense.dense,
    ops.DenseInputGradient: dense.input_gradient,
    ops.DenseWeightGradient: dense.weight_gradient,
    ops.DenseWeightUpdate: dense.weight_update,
    ops.ChannelSum: sums.channel_sum,
    ops.BatchSum: sums.batch_sum,
    ops.MaxPool: pools.max_pool,
    ops.MaxPoolGradient: pools.max_pool_gradient,
    ops.AveragePool: pools.average_pool,
    ops.AveragePoolGradient: pools.average_pool_gradient,
    ops.Upsample: pools.upsample,
    ops.UpsampleGradient: pools.upsample_gradient,
    ops.BatchNorm: normalization.batch_norm,
    ops.BatchNormInputGradient: normalization.batch_norm_input_gradient,
    ops.BatchNormTraining: normalization.batch_norm_training,
    ops.BatchNormGradient: normalization.batch_norm_gradient,
    ops.BatchNormAddGradient: normalization.batch_norm_add_gradient,
    ops.LocalResponseNorm: normalization.local_response_norm,
    ops.LocalResponseNormGradient: normalization.local_response_norm_gradient,
    ops.Maxout: layers.maxout,
    ops.MaxoutGradient: layers.maxout_gradient,
    ops.Dropout: layers.dropout,
    ops.Reshape: layers.reshape,
    ops.Softmax: layers.softmax,
    ops.SoftmaxGradient: layers.softmax_gradient,
    ops.Add: join.add,
    ops.Concatenate: join.concatenate,
    ops.Slice: join.slice_channels,
    ops.Loss: loss.loss,
    ops.LossGradient: loss.loss_gradient,
    ops.SgdUpdate: update.sgd_update,
}

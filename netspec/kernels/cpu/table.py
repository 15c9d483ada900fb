"""Table of the CPU kernels: for each operation, the builder of the launch-table rows of its launches."""

from __future__ import annotations

from netspec.ir import operations as ops
from netspec.ir.operations import Operation
from netspec.kernels.cpu.dense import rows as dense_rows
from netspec.kernels.cpu.language.rows import RowBuilder
from netspec.kernels.cpu.layers import (
    activations,
    average_pool,
    batch_norm,
    batch_norm_gradient,
    dropout,
    join,
    local_response_norm,
    loss,
    max_pool,
    maxout,
    softmax,
    sums,
    update,
    upsample,
)
from netspec.kernels.cpu.sliding import convolution_rows, convolution_weight_gradient, deconvolution, local

KERNELS: dict[type[Operation], RowBuilder] = {
    ops.Convolution: convolution_rows.convolution_rows,
    ops.ConvolutionInputGradient: convolution_rows.input_gradient_rows,
    ops.ConvolutionWeightGradient: convolution_weight_gradient.weight_gradient_rows,
    ops.Dense: dense_rows.dense_rows,
    ops.DenseInputGradient: dense_rows.input_gradient_rows,
    ops.DenseWeightGradient: dense_rows.weight_gradient_rows,
    ops.ChannelSum: sums.channel_sum_rows,
    ops.BatchSum: sums.batch_sum_rows,
    ops.Deconvolution: deconvolution.deconvolution_rows,
    ops.Local: local.local_rows,
    ops.LocalInputGradient: local.local_input_gradient_rows,
    ops.LocalWeightGradient: local.local_weight_gradient_rows,
    ops.Activation: activations.activation_rows,
    ops.ActivationGradient: activations.activation_gradient_rows,
    ops.GuidedGradient: activations.guided_gradient_rows,
    ops.MaxPool: max_pool.max_pool_rows,
    ops.PooledConvolution: convolution_rows.pooled_convolution_rows,
    ops.MaxPoolGradient: max_pool.max_pool_gradient_rows,
    ops.AveragePool: average_pool.average_pool_rows,
    ops.AveragePoolGradient: average_pool.average_pool_gradient_rows,
    ops.Upsample: upsample.upsample_rows,
    ops.UpsampleGradient: upsample.upsample_gradient_rows,
    ops.BatchNorm: batch_norm.batch_norm_rows,
    ops.BatchNormInputGradient: batch_norm.batch_norm_input_gradient_rows,
    ops.BatchNormTraining: batch_norm.batch_norm_training_rows,
    ops.BatchNormGradient: batch_norm_gradient.batch_norm_gradient_rows,
    ops.BatchNormAddGradient: batch_norm_gradient.batch_norm_add_gradient_rows,
    ops.LocalResponseNorm: local_response_norm.local_response_norm_rows,
    ops.LocalResponseNormGradient: local_response_norm.local_response_norm_gradient_rows,
    ops.Maxout: maxout.maxout_rows,
    ops.MaxoutGradient: maxout.maxout_gradient_rows,
    ops.Dropout: dropout.dropout_rows,
    ops.Reshape: join.reshape_rows,
    ops.Softmax: softmax.softmax_rows,
    ops.SoftmaxGradient: softmax.softmax_gradient_rows,
    ops.Add: join.add_rows,
    ops.Concatenate: join.concatenate_rows,
    ops.Slice: join.slice_rows,
    ops.Loss: loss.loss_rows,
    ops.LossGradient: loss.loss_gradient_rows,
    ops.SgdUpdate: update.sgd_update_rows,
    ops.DenseWeightUpdate: dense_rows.weight_update_rows,
}

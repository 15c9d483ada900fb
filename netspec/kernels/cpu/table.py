"""The CPU kernels, one entry per operation: what a launch of it puts into the launch table."""

from __future__ import annotations

from netspec.ir import operations as ops
from netspec.ir.operations import Operation
from netspec.kernels.cpu import (
    activations,
    average_pool,
    batch_norm,
    dropout,
    join,
    local_response_norm,
    loss,
    max_pool,
    maxout,
    softmax,
    update,
    upsample,
)
from netspec.kernels.cpu.convolution_rows import convolution_rows, input_gradient_rows
from netspec.kernels.cpu.rows import RowBuilder

KERNELS: dict[type[Operation], RowBuilder] = {
    ops.Convolution: convolution_rows,
    ops.ConvolutionInputGradient: input_gradient_rows,
    ops.Activation: activations.activation_rows,
    ops.ActivationGradient: activations.activation_gradient_rows,
    ops.MaxPool: max_pool.max_pool_rows,
    ops.MaxPoolGradient: max_pool.max_pool_gradient_rows,
    ops.AveragePool: average_pool.average_pool_rows,
    ops.AveragePoolGradient: average_pool.average_pool_gradient_rows,
    ops.Upsample: upsample.upsample_rows,
    ops.UpsampleGradient: upsample.upsample_gradient_rows,
    ops.BatchNorm: batch_norm.batch_norm_rows,
    ops.BatchNormTraining: batch_norm.batch_norm_training_rows,
    ops.BatchNormGradient: batch_norm.batch_norm_gradient_rows,
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
}

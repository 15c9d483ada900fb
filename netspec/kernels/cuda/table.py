"""The kernels of GPUs, by the names that calls of a program have."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Callable

from netspec.kernels.cuda.dense import products
from netspec.kernels.cuda.incoming import augment_draws, distort, gather, initial, tone, warp
from netspec.kernels.cuda.layers import (
    activations,
    batch_norm,
    batch_norm_gradient,
    dropout,
    join,
    local_response_norm,
    loss,
    maxout,
    softmax,
    sums,
    update,
)
from netspec.kernels.cuda.matrix import convolution as tiled_maps
from netspec.kernels.cuda.matrix import dense as tiled_dense
from netspec.kernels.cuda.matrix import input_gradient as tiled_input_gradient
from netspec.kernels.cuda.matrix import parts as tiled_parts
from netspec.kernels.cuda.matrix import weight_gradient as tiled_weight_gradient
from netspec.kernels.cuda.sliding import average_pool, convolution, local, max_pool, upsample

Kernel = Callable[..., None]

KERNELS: dict[str, Kernel] = {
    kernel.__name__: kernel
    for kernel in (
        activations.activation,
        activations.activation_gradient,
        activations.guided_gradient,
        average_pool.average_pool,
        average_pool.average_pool_gradient,
        batch_norm.batch_norm,
        batch_norm.batch_norm_chunks,
        batch_norm.batch_norm_input_gradient,
        batch_norm.batch_norm_statistics,
        batch_norm.batch_norm_training,
        batch_norm_gradient.batch_norm_gradient,
        batch_norm_gradient.batch_norm_sums,
        convolution.convolution,
        convolution.convolution_input_gradient,
        convolution.convolution_weight_gradient,
        dropout.dropout,
        augment_draws.draw_images,
        distort.draw_displacements,
        distort.smooth,
        gather.advance,
        gather.collect,
        gather.gather_images,
        gather.gather_labels,
        gather.report,
        gather.take_scalar,
        join.add,
        join.copy_part,
        local.local,
        local.local_input_gradient,
        local.local_weight_gradient,
        local_response_norm.local_response_norm,
        local_response_norm.local_response_norm_gradient,
        local_response_norm.local_response_norm_terms,
        initial.draw_normal,
        initial.draw_uniform,
        loss.loss,
        loss.loss_gradient,
        max_pool.max_pool,
        max_pool.max_pool_gradient,
        max_pool.max_pool_with_index,
        maxout.maxout,
        maxout.maxout_gradient,
        products.dense,
        products.dense_input_gradient,
        products.dense_weight_gradient,
        products.dense_weight_update,
        softmax.softmax,
        softmax.softmax_gradient,
        sums.batch_sum,
        sums.channel_sum,
        sums.sum_all,
        sums.sum_parts,
        tone.plane_means,
        tone.tone_images,
        tiled_dense.tiled_dense,
        tiled_dense.tiled_dense_input_gradient,
        tiled_dense.tiled_dense_weight_gradient,
        tiled_dense.tiled_dense_weight_update,
        tiled_input_gradient.tiled_input_gradient,
        tiled_maps.tiled_convolution,
        tiled_parts.sum_chunks,
        tiled_parts.sum_products,
        tiled_weight_gradient.tiled_weight_gradient,
        update.sgd_update,
        upsample.upsample,
        upsample.upsample_gradient,
        warp.warp_images,
    )
}

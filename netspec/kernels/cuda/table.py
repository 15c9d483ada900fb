"""The kernels of GPUs, by the names that calls of a program have."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Callable

from netspec.kernels.cuda.dense import products
from netspec.kernels.cuda.incoming import gather
from netspec.kernels.cuda.layers import activations, loss, sums, update
from netspec.kernels.cuda.sliding import convolution, max_pool

Kernel = Callable[..., None]

KERNELS: dict[str, Kernel] = {
    kernel.__name__: kernel
    for kernel in (
        activations.activation,
        activations.activation_gradient,
        convolution.convolution,
        convolution.convolution_input_gradient,
        convolution.convolution_weight_gradient,
        gather.advance,
        gather.collect,
        gather.gather_images,
        gather.gather_labels,
        gather.report,
        gather.take_scalar,
        loss.loss,
        loss.loss_gradient,
        max_pool.max_pool,
        max_pool.max_pool_gradient,
        max_pool.max_pool_with_index,
        products.dense,
        products.dense_input_gradient,
        products.dense_weight_gradient,
        products.dense_weight_update,
        sums.batch_sum,
        sums.channel_sum,
        sums.sum_all,
        sums.sum_parts,
        update.sgd_update,
    )
}

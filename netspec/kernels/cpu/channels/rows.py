"""Launch rows of the layout whose lanes hold channels, one builder an operation of a forward pass."""

from __future__ import annotations

from dataclasses import replace

from netspec.diagnostics.failure import CompilerBug
from netspec.ir import operations as ops
from netspec.ir.memory import FLOAT_BYTES
from netspec.ir.operations import Operation
from netspec.kernels.cpu.channels.copies import Rearrange, rearrange
from netspec.kernels.cpu.channels.maps import (
    Maps,
    Maxout,
    ResponseNorm,
    ScaleChannels,
    maxout,
    response_norm,
    scale_channels,
    softmax_pixels,
)
from netspec.kernels.cpu.channels.sum_rows import NO_TILE, channel_map, map_vectors, sum_rows
from netspec.kernels.cpu.language.rows import Row, RowBuilder, place
from netspec.kernels.cpu.layers import activations, average_pool, join, max_pool, upsample
from netspec.targets.cpu.channels import as_map
from netspec.targets.cpu.program import Buffer, Launch, Program


def _pixels(buffer: Buffer) -> int:
    _, height, width = as_map(buffer.value.shape)
    return height * width


def as_vectors(buffer: Buffer) -> Buffer:
    """The buffer with a first axis of vectors, for kernels that treat every lane alike."""
    _, height, width = as_map(buffer.value.shape)
    return replace(buffer, value=replace(buffer.value, shape=(map_vectors(buffer), height, width)))


def _alike(build: RowBuilder) -> RowBuilder:
    """The rows of an operation that treats every lane alike."""

    def rows(launch: Launch, program: Program) -> tuple[Row, ...]:
        inputs, outputs = (tuple(map(as_vectors, buffers)) for buffers in (launch.inputs, launch.outputs))
        return build(replace(launch, inputs=inputs, outputs=outputs), program)

    return rows


def _maps(launch: Launch, of: Buffer) -> Maps:
    """The first words of a kernel of `maps.py`, with the channels of buffer `of`."""
    x, y = launch.inputs[0], launch.outputs[0]
    return Maps(x=channel_map(x), y=channel_map(y), channels=as_map(of.value.shape)[0], pixels=_pixels(y))


def batch_norm_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    x, packed = launch.inputs
    operation = launch.operation
    assert isinstance(operation, ops.BatchNorm)
    words = ScaleChannels(
        maps=_maps(launch, x),
        statistics=place(packed),
        statistics_step=map_vectors(x) * x.vector_channels,
        epsilon=operation.epsilon,
    )
    return (Row(scale_channels, NO_TILE, words, map_vectors(x), per_group=True),)


def softmax_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    x = launch.inputs[0]
    return (Row(softmax_pixels, NO_TILE, _maps(launch, x), _pixels(x), per_group=True),)


def response_norm_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    x, operation = launch.inputs[0], launch.operation
    assert isinstance(operation, ops.LocalResponseNorm)
    channels = as_map(x.value.shape)[0]
    needed_bytes = FLOAT_BYTES * (channels + operation.size + 2 * program.target.lanes)
    if program.thread_bytes < needed_bytes:
        raise CompilerBug(f"`{launch.layer}` needs {needed_bytes} bytes a thread, found {program.thread_bytes}")
    words = ResponseNorm(
        maps=_maps(launch, x),
        below=operation.size // 2,
        above=(operation.size - 1) // 2,
        share=operation.alpha / operation.size,
        beta=operation.beta,
        base=operation.k,
    )
    return (Row(response_norm, NO_TILE, words, _pixels(x), per_group=True),)


def maxout_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    y, operation = launch.outputs[0], launch.operation
    assert isinstance(operation, ops.Maxout)
    words = Maxout(maps=_maps(launch, y), pieces=operation.pieces)
    return (Row(maxout, NO_TILE, words, _pixels(y), per_group=True),)


def concatenate_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    """Whole vectors are copied as they are; if channels begin inside a vector, numbers are copied one by one."""
    channels = [as_map(x.value.shape)[0] for x in launch.inputs]
    if all(count % program.target.lanes == 0 for count in channels[:-1]):
        return _alike(join.concatenate_rows)(launch, program)
    return tuple(
        _rearranging(x, launch.outputs[0], sum(channels[:k]) * _pixels(x)) for k, x in enumerate(launch.inputs)
    )


def reshape_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    return (_rearranging(launch.inputs[0], launch.outputs[0], 0),)


def _rearranging(x: Buffer, y: Buffer, first: int) -> Row:
    channels = as_map(x.value.shape)[0]
    words = Rearrange(
        source=place(x),
        source_image=x.group_stride,
        source_pixels=_pixels(x),
        source_vector_channels=x.vector_channels,
        source_vector=x.plane_stride,
        result=place(y),
        result_image=y.group_stride,
        result_pixels=_pixels(y),
        result_vector=y.plane_stride,
        first_number=first,
        channels=channels,
    )
    return Row(rearrange, NO_TILE, words, channels, per_group=True)


CHANNEL_KERNELS: dict[type[Operation], RowBuilder] = {
    ops.Activation: _alike(activations.activation_rows),
    ops.Add: _alike(join.add_rows),
    ops.AveragePool: _alike(average_pool.average_pool_rows),
    ops.BatchNorm: batch_norm_rows,
    ops.Concatenate: concatenate_rows,
    ops.Convolution: sum_rows,
    ops.Deconvolution: sum_rows,
    ops.Dense: sum_rows,
    ops.Local: sum_rows,
    ops.LocalResponseNorm: response_norm_rows,
    ops.MaxPool: _alike(max_pool.max_pool_rows),
    ops.Maxout: maxout_rows,
    ops.Reshape: reshape_rows,
    ops.Softmax: softmax_rows,
    ops.Upsample: _alike(upsample.upsample_rows),
}
"""Every operation that a forward pass without Dropout has."""

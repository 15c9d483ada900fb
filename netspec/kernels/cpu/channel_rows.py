"""Launch rows of the layout whose lanes hold channels, one builder an operation of a forward pass."""

from __future__ import annotations

from dataclasses import replace

from netspec.diagnostics.failure import CompilerBug
from netspec.ir import operations as ops
from netspec.ir.channels import as_map
from netspec.ir.operations import Operation
from netspec.ir.program import Buffer, Launch, Program
from netspec.kernels.cpu import activations, average_pool, join, max_pool, upsample
from netspec.kernels.cpu.channel_copies import rearrange
from netspec.kernels.cpu.channel_maps import largest_piece, neighbours, scale_channels, softmax_pixels
from netspec.kernels.cpu.channel_sum_rows import NO_TILE, map_vectors, sum_rows
from netspec.kernels.cpu.rows import Kernel, Row, RowBuilder, Word, place


def _pixels(buffer: Buffer) -> int:
    _, height, width = as_map(buffer.value.shape)
    return height * width


def as_vectors(buffer: Buffer) -> Buffer:
    """The buffer as kernels see it that do not care what lanes mean: its first axis counts vectors."""
    _, height, width = as_map(buffer.value.shape)
    return replace(buffer, value=replace(buffer.value, shape=(map_vectors(buffer), height, width)))


def _alike(build: RowBuilder) -> RowBuilder:
    """The rows of an operation that treats every lane by itself."""

    def rows(launch: Launch, program: Program) -> tuple[Row, ...]:
        inputs, outputs = (tuple(map(as_vectors, buffers)) for buffers in (launch.inputs, launch.outputs))
        return build(replace(launch, inputs=inputs, outputs=outputs), program)

    return rows


def _map_row(kernel: Kernel, launch: Launch, channels: int, words: tuple[Word, ...], units: int) -> tuple[Row, ...]:
    """A row of a kernel of `channel_maps.py`."""
    x, y = launch.inputs[0], launch.outputs[0]
    maps = (place(x), x.group_stride, x.plane_stride, place(y), y.group_stride, y.plane_stride)
    return (Row(kernel, NO_TILE, (*maps, channels, _pixels(y), *words), units, per_group=True),)


def batch_norm_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    x, packed = launch.inputs
    operation = launch.operation
    assert isinstance(operation, ops.BatchNorm)
    words = (place(packed), map_vectors(x) * x.abreast, float(operation.epsilon))
    return _map_row(scale_channels, launch, as_map(x.value.shape)[0], words, map_vectors(x))


def softmax_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    x = launch.inputs[0]
    return _map_row(softmax_pixels, launch, as_map(x.value.shape)[0], (), _pixels(x))


def response_norm_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    x, operation = launch.inputs[0], launch.operation
    assert isinstance(operation, ops.LocalResponseNorm)
    channels = as_map(x.value.shape)[0]
    needed_bytes = 4 * (channels + operation.size + 2 * program.target.lanes)
    if program.thread_bytes < needed_bytes:
        raise CompilerBug(f"`{launch.layer}` needs {needed_bytes} bytes a thread, found {program.thread_bytes}")
    reach = (operation.size // 2, (operation.size - 1) // 2)
    words = (*reach, operation.alpha / operation.size, float(operation.beta), float(operation.k))
    return _map_row(neighbours, launch, channels, words, _pixels(x))


def maxout_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    y, operation = launch.outputs[0], launch.operation
    assert isinstance(operation, ops.Maxout)
    return _map_row(largest_piece, launch, as_map(y.value.shape)[0], (operation.pieces,), _pixels(y))


def concatenate_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    """Whole vectors are copied as they are; channels that begin inside one, a number at a time."""
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
    source = (place(x), x.group_stride, _pixels(x), x.abreast, x.plane_stride)
    result = (place(y), y.group_stride, _pixels(y), y.plane_stride)
    return Row(rearrange, NO_TILE, (*source, *result, first, channels), channels, per_group=True)


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

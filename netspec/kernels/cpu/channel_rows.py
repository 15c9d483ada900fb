"""Launch rows of the layout whose lanes hold channels, one builder an operation of a forward pass."""

from __future__ import annotations

from dataclasses import replace

from netspec.diagnostics.failure import CompilerBug
from netspec.ir import operations as ops
from netspec.ir.channel_weights import PackedSum, packed_sum
from netspec.ir.channel_winograd import packed_winograd
from netspec.ir.channels import Sliding, activation_of, as_map, sliding, vectors
from netspec.ir.graph import Node
from netspec.ir.operations import Operation
from netspec.ir.program import Buffer, Launch, Program, Tile
from netspec.kernels.cpu import activations, average_pool, join, max_pool, upsample
from netspec.kernels.cpu.activations import CODES
from netspec.kernels.cpu.channel_copies import rearrange, surround
from netspec.kernels.cpu.channel_maps import (
    largest_piece,
    neighbours,
    scale_channels,
    slide_depthwise,
    softmax_pixels,
)
from netspec.kernels.cpu.channel_sums import sum_windows
from netspec.kernels.cpu.channel_winograd import give_patches, transform_patches
from netspec.kernels.cpu.rows import Kernel, Row, RowBuilder, Word, place
from netspec.kernels.cpu.winograd_transforms import PRODUCTS

NO_TILE = Tile(1, 1)
UNITS = 32
"""of work in an image, about, that a sum over windows is divided into"""


def _node(launch: Launch) -> Node:
    """The launch as a node of x and y, as far as shapes go."""
    return Node(launch.operation, (launch.inputs[0].value,), (launch.outputs[0].value,), launch.layer)


def _vectors(buffer: Buffer) -> int:
    return vectors(as_map(buffer.value.shape)[0], buffer.abreast)


def _pixels(buffer: Buffer) -> int:
    _, height, width = as_map(buffer.value.shape)
    return height * width


def as_vectors(buffer: Buffer) -> Buffer:
    """The buffer as kernels see it that do not care what lanes mean: its first axis counts vectors."""
    _, height, width = as_map(buffer.value.shape)
    return replace(buffer, value=replace(buffer.value, shape=(_vectors(buffer), height, width)))


def _alike(build: RowBuilder) -> RowBuilder:
    """The rows of an operation that treats every lane by itself."""

    def rows(launch: Launch, program: Program) -> tuple[Row, ...]:
        inputs, outputs = (tuple(map(as_vectors, buffers)) for buffers in (launch.inputs, launch.outputs))
        return build(replace(launch, inputs=inputs, outputs=outputs), program)

    return rows


def _activation_words(operation: Operation) -> tuple[Word, ...]:
    activation = activation_of(operation)
    return CODES[activation.function], float(activation.slope)


def _source(launch: Launch, shape: Sliding, program: Program) -> tuple[tuple[Row, ...], tuple[int, ...]]:
    """The rows that make the copy that a sum reads, if it needs one; and where it reads: the place, and what lies
    between two images, vectors of channels, rows, and the first rows of two neighbouring outputs."""
    x = launch.inputs[0]
    _, height, width = shape.x
    row = width * x.abreast
    if not shape.copied:
        return (), (place(x), x.group_stride, x.plane_stride, shape.dilation[0] * row, shape.stride[0] * row)
    image_floats = shape.copy_floats(x.abreast)
    if launch.scratch is None or launch.scratch.size_bytes < 4 * image_floats * program.batch:
        raise CompilerBug(f"the launch of `{launch.layer}` was given too little scratch for its copy")
    phases, columns = shape.stride[1], shape.phase_columns
    given = (place(x), x.group_stride, x.plane_stride, height, width, x.abreast, _vectors(x))
    made = (place(launch.scratch), image_floats, shape.copy_rows, phases, columns)
    words, units = (*given, *made, *shape.before, *shape.spacing), _vectors(x) * shape.copy_rows
    copying = Row(surround, NO_TILE, words, units, per_group=True, reads=(x,), writes=(launch.scratch,))
    row = phases * columns * x.abreast
    steps = (shape.copy_rows * row, shape.dilation[0] * row, shape.stride[0] * row)
    return (copying,), (place(launch.scratch), image_floats, *steps)


def sum_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    """Convolution, Deconvolution, Local, Dense: perhaps a copy with zeros in place, then the sums."""
    if launch.algorithm == "winograd":
        return winograd_rows(launch, program)
    shape = sliding(_node(launch))
    copying, source = _source(launch, shape, program)
    taps = tuple(shape.tap_column(j, copied=shape.copied) * launch.inputs[0].abreast for j in range(shape.taps[1]))
    if shape.depthwise:
        return (*copying, _depthwise_row(launch, shape, source, taps))
    return (*copying, _window_row(launch, program, source, taps))


def _window_row(launch: Launch, program: Program, source: tuple[int, ...], taps: tuple[int, ...]) -> Row:
    x, packed, y, tile = launch.inputs[0], launch.inputs[1], launch.outputs[0], launch.tile
    form = packed_sum(_node(launch), tile, x.abreast, program.target.lanes)
    if packed.size_bytes != 4 * form.floats:
        raise CompilerBug(f"`{packed.value.name}` holds {packed.size_bytes} bytes, not {4 * form.floats}")
    read = (*source, x.abreast, form.shape.x[0])
    out_row = form.shape.y[2] * y.abreast
    written = (place(y), y.group_stride, y.plane_stride, out_row, _vectors(y), *form.shape.y[1:])
    return sum_row(tile, program, form, place(packed), read, written, _activation_words(launch.operation), taps)


def sum_row(
    tile: Tile,
    program: Program,
    form: PackedSum,
    packed: int,
    read: tuple[int, ...],
    written: tuple[int, ...],
    activation: tuple[Word, ...],
    taps: tuple[int, ...],
) -> Row:
    """The row of `sum_windows` with weights packed at `packed`; `read` and `written` are its words on x and y."""
    height = form.shape.y[1]
    weights, biases = form.position_floats, form.blocks * form.width
    bias = packed + form.positions * weights
    steps = (form.steps(weights), form.steps(biases))
    given = (packed, form.block_floats, *steps[0], bias, *steps[1])
    chunk_rows = -(-height * form.blocks // UNITS)
    chunks = -(-height // chunk_rows)
    loops = (form.blocks, _input_block(form, program, chunk_rows), chunks, chunk_rows)
    table = tuple(end for block in range(form.blocks) for end in form.inputs(block))
    words = (*read, *written, *given, *form.shape.taps, *loops, *activation, *table, *taps)
    return Row(sum_windows, tile, words, form.blocks * chunks, per_group=True)


def _input_block(form: PackedSum, program: Program, rows: int) -> int:
    """Vectors of inputs whose weights for a block of outputs stay in a part of the second cache; all, where weights
    are not read again."""
    vector_bytes = 4 * form.abreast * form.shape.taps[0] * form.shape.taps[1] * form.width
    everything = vectors(form.shape.x[0], form.abreast)
    return everything if form.positions > 1 or rows == 1 else max(1, program.target.l2_bytes // 4 // vector_bytes)


def winograd_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    """Patches to their numbers, the sums over channels of each number, and back."""
    x, packed, y = launch.inputs[0], launch.inputs[1], launch.outputs[0]
    assert isinstance(launch.operation, ops.Convolution)
    form = packed_winograd(_node(launch), launch.tile, program.target.lanes)
    if launch.scratch is None or launch.scratch.size_bytes < 4 * form.scratch_floats * program.batch:
        raise CompilerBug(f"the launch of `{launch.layer}` was given too little scratch for its patches")
    if program.thread_bytes < 4 * PRODUCTS * x.abreast:
        raise CompilerBug(f"`{launch.layer}` needs room for a patch in each thread's scratch")
    data, products = place(launch.scratch), place(launch.scratch) + form.data_floats * program.batch
    plane, vector = form.plane_floats, form.vector_floats
    patches = (plane, *form.patches, form.side)
    read = (data, form.data_floats, vector, plane, plane, x.abreast, form.sums.shape.x[0])
    written = (
        products,
        form.product_floats,
        vector,
        plane,
        form.sums.blocks * form.sums.columns,
        *form.sums.shape.y[1:],
    )
    middle = sum_row(launch.tile, program, form.sums, place(packed), read, written, (CODES["identity"], 0.0), (0,))
    before = launch.operation.window.before
    taken = (place(x), x.group_stride, x.plane_stride, *x.value.shape[1:], _vectors(x), data, form.data_floats, vector)
    given = (place(y), y.group_stride, y.plane_stride, *y.value.shape[1:], _vectors(y))
    bias = place(packed) + form.sums.floats
    ending = (products, form.product_floats, vector, *patches, bias, *_activation_words(launch.operation))
    first = Row(transform_patches, NO_TILE, (*taken, *patches, *before), _vectors(x) * form.patches[0], per_group=True)
    last = Row(give_patches, NO_TILE, (*given, *ending), _vectors(y) * form.patches[0], per_group=True)
    return first, middle, last


def _depthwise_row(launch: Launch, shape: Sliding, source: tuple[int, ...], taps: tuple[int, ...]) -> Row:
    packed, y = launch.inputs[1], launch.outputs[0]
    at, image, vector, row, stride_rows = source
    channels, height, width = shape.y
    bias = place(packed) + _vectors(y) * y.abreast * shape.taps[0] * shape.taps[1]
    maps = (at, image, vector, place(y), y.group_stride, y.plane_stride, channels, height * width)
    words = (*maps, row, stride_rows, height, width, place(packed), bias, *shape.taps)
    words = (*words, *_activation_words(launch.operation), *taps)
    return Row(slide_depthwise, launch.tile, words, _vectors(y) * height, per_group=True)


def _map_row(kernel: Kernel, launch: Launch, channels: int, words: tuple[Word, ...], units: int) -> tuple[Row, ...]:
    """A row of a kernel of `channel_maps.py`."""
    x, y = launch.inputs[0], launch.outputs[0]
    maps = (place(x), x.group_stride, x.plane_stride, place(y), y.group_stride, y.plane_stride)
    return (Row(kernel, NO_TILE, (*maps, channels, _pixels(y), *words), units, per_group=True),)


def batch_norm_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    x, packed = launch.inputs
    operation = launch.operation
    assert isinstance(operation, ops.BatchNorm)
    words = (place(packed), _vectors(x) * x.abreast, float(operation.epsilon))
    return _map_row(scale_channels, launch, as_map(x.value.shape)[0], words, _vectors(x))


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

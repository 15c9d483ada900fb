"""Launch rows of sums over windows whose lanes hold output channels: direct, depthwise, by Winograd's algorithm."""

from __future__ import annotations

from typing import NamedTuple

from netspec.diagnostics.failure import CompilerBug
from netspec.ir import operations as ops
from netspec.ir.graph import Node
from netspec.ir.memory import FLOAT_BYTES
from netspec.ir.operations import Operation
from netspec.kernels.cpu.channels.copies import Pad, pad
from netspec.kernels.cpu.channels.maps import Maps, SlideDepthwise, slide_depthwise
from netspec.kernels.cpu.channels.sums import Ending, Gaps, SumWindows, sum_windows
from netspec.kernels.cpu.channels.winograd import (
    InputTransform,
    OutputTransform,
    TileTransform,
    transform_input_tiles,
    transform_output_tiles,
)
from netspec.kernels.cpu.language.descriptor import ChannelMap
from netspec.kernels.cpu.language.rows import Row, place
from netspec.kernels.cpu.layers.activations import BOUNDS, CODES
from netspec.targets.cpu.channel_weights import PackedSum, packed_sum
from netspec.targets.cpu.channel_winograd import PackedWinograd, packed_winograd
from netspec.targets.cpu.channels import Sliding, activation_of, as_map, sliding, vectors
from netspec.targets.cpu.program import Buffer, Launch, Program, Tile

NO_TILE = Tile(1, 1)
UNITS = 32
"""Approximate number of units of an image in a sum over windows."""


def sum_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    """Convolution, Deconvolution, Local, Dense: a padded copy if the sum needs one, then the sums."""
    if launch.algorithm == "winograd":
        return _winograd_rows(launch, program)
    shape = sliding(_node(launch))
    copying, source = _source(launch, shape, program)
    if shape.depthwise:
        return (*copying, _depthwise_row(launch, shape, source))
    return (*copying, _window_row(launch, program, source))


def channel_map(buffer: Buffer) -> ChannelMap:
    """The offset of a map's first pixel, and its steps."""
    lead = buffer.margins.top * row_floats(buffer) + buffer.margins.left * buffer.vector_channels
    return ChannelMap(place=place(buffer) + lead, image=buffer.group_stride, vector=buffer.plane_stride)


def row_floats(buffer: Buffer) -> int:
    """float32 numbers from one row of a map to the next."""
    return buffer.margins.around(*as_map(buffer.value.shape)[1:])[1] * buffer.vector_channels


def map_vectors(buffer: Buffer) -> int:
    """Vectors of channels of a map."""
    return vectors(as_map(buffer.value.shape)[0], buffer.vector_channels)


def _node(launch: Launch) -> Node:
    """The launch as a node of x and y, for its shapes."""
    return Node(launch.operation, (launch.inputs[0].value,), (launch.outputs[0].value,), launch.layer)


class _Source(NamedTuple):
    """The input of a sum: a map, the steps between its rows and columns under two taps, and under two outputs."""

    x: ChannelMap
    row: int
    column: int
    stride_rows: int
    stride_columns: int


def _slid(x: ChannelMap, shape: Sliding, row: int, vector_channels: int) -> _Source:
    """The input of a sum that slides its windows from the first number of a map on; rows are `row` numbers apart."""
    (down, across), (dilate_y, dilate_x) = shape.stride, shape.dilation
    return _Source(x, dilate_y * row, dilate_x * vector_channels, down * row, across * vector_channels)


def _ending(operation: Operation) -> Ending:
    """What becomes of the sums of an operation."""
    activation = activation_of(operation)
    if activation.function in BOUNDS:
        return Ending(*BOUNDS[activation.function], CODES["identity"], 0.0)
    return Ending(*BOUNDS["identity"], CODES[activation.function], activation.slope)


def _source(launch: Launch, shape: Sliding, program: Program) -> tuple[tuple[Row, ...], _Source]:
    """The rows that make the padded copy, if the sum needs one, and its input."""
    x = launch.inputs[0]
    _, height, width = shape.x
    if not shape.copied(x.margins):
        row, pixels = row_floats(x), channel_map(x)
        first = pixels.place - shape.before[0] * row - shape.before[1] * x.vector_channels
        return (), _slid(pixels._replace(place=first), shape, row, x.vector_channels)
    image_floats = shape.copy_floats(x.vector_channels)
    if launch.scratch is None or launch.scratch.size_bytes < FLOAT_BYTES * image_floats * program.batch:
        raise CompilerBug(f"the launch of `{launch.layer}` was given too little scratch for its copy")
    words = Pad(
        x=channel_map(x),
        height=height,
        width=width,
        vector_channels=x.vector_channels,
        vectors=map_vectors(x),
        copy=place(launch.scratch),
        copy_image=image_floats,
        copy_rows=shape.reach(0),
        copy_columns=shape.reach(1),
        before_y=shape.before[0],
        before_x=shape.before[1],
        spacing_y=shape.spacing[0],
        spacing_x=shape.spacing[1],
    )
    units = map_vectors(x) * shape.reach(0)
    copying = Row(pad, NO_TILE, words, units, per_group=True, reads=(x,), writes=(launch.scratch,))
    row = shape.reach(1) * x.vector_channels
    copy = ChannelMap(place=words.copy, image=image_floats, vector=shape.reach(0) * row)
    return (copying,), _slid(copy, shape, row, x.vector_channels)


def _depthwise_row(launch: Launch, shape: Sliding, source: _Source) -> Row:
    packed, y = launch.inputs[1], launch.outputs[0]
    channels, height, width = shape.y
    words = SlideDepthwise(
        maps=Maps(x=source.x, y=channel_map(y), channels=channels, pixels=height * width),
        x_row=source.row,
        x_column=source.column,
        x_stride_rows=source.stride_rows,
        x_stride_columns=source.stride_columns,
        out_height=height,
        out_width=width,
        weights=place(packed),
        bias=place(packed) + map_vectors(y) * y.vector_channels * shape.taps[0] * shape.taps[1],
        taps_y=shape.taps[0],
        taps_x=shape.taps[1],
        ending=_ending(launch.operation),
    )
    return Row(slide_depthwise, launch.tile, words, map_vectors(y) * height, per_group=True)


def _window_row(launch: Launch, program: Program, source: _Source) -> Row:
    x, packed, y = launch.inputs[0], launch.inputs[1], launch.outputs[0]
    form = packed_sum(_node(launch), launch.tile, x.vector_channels, program.target.lanes)
    if packed.size_bytes != FLOAT_BYTES * form.floats:
        raise CompilerBug(f"`{packed.value.name}` holds {packed.size_bytes} bytes, not {FLOAT_BYTES * form.floats}")
    result = _Result(channel_map(y), row_floats(y), map_vectors(y), _gaps(y))
    words = _sum_windows(form, program, place(packed), source, result, _ending(launch.operation))
    return Row(sum_windows, launch.tile, words, _units(form), per_group=True)


def _winograd_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    """The input transform, the sums over channels of each of the 36 numbers, and the output transform."""
    x, packed, y = launch.inputs[0], launch.inputs[1], launch.outputs[0]
    assert isinstance(launch.operation, ops.Convolution)
    form = packed_winograd(_node(launch), launch.tile, program.target.lanes)
    data, products = _tile_places(launch, program, form)
    before_sums, after_sums = _tile_transform(x, data, form), _tile_transform(y, products, form)
    before, activation = launch.operation.window.before, activation_of(launch.operation)
    input_transform = InputTransform(tiles=before_sums, before_y=before[0], before_x=before[1])
    output_transform = OutputTransform(
        tiles=after_sums,
        bias=place(packed) + form.sums.floats,
        activation=CODES[activation.function],
        slope=activation.slope,
    )
    return (
        Row(transform_input_tiles, NO_TILE, input_transform, map_vectors(x) * form.input_tiles[0], per_group=True),
        _product_row(launch.tile, program, form, place(packed), data, products),
        Row(transform_output_tiles, NO_TILE, output_transform, map_vectors(y) * form.input_tiles[0], per_group=True),
    )


def _tile_transform(buffer: Buffer, numbers: ChannelMap, form: PackedWinograd) -> TileTransform:
    """A map and the numbers of its tiles."""
    _, height, width = buffer.value.shape
    return TileTransform(
        map=channel_map(buffer),
        height=height,
        width=width,
        vectors=map_vectors(buffer),
        numbers=numbers,
        plane=form.plane_floats,
        tiles_y=form.input_tiles[0],
        tiles_x=form.input_tiles[1],
        side=form.side,
    )


def _product_row(
    tile: Tile, program: Program, form: PackedWinograd, packed: int, data: ChannelMap, products: ChannelMap
) -> Row:
    """The sums over channels, as of a map of 36 rows."""
    sums, plane = form.sums, form.plane_floats
    result = _Result(products, plane, sums.blocks * sums.columns, Gaps(0, 0, 0))
    source, ending = _slid(data, sums.shape, plane, sums.vector_channels), _ending(ops.Dense())
    words = _sum_windows(sums, program, packed, source, result, ending)
    return Row(sum_windows, tile, words, _units(sums), per_group=True)


def _tile_places(launch: Launch, program: Program, form: PackedWinograd) -> tuple[ChannelMap, ChannelMap]:
    """The offsets of tiles and of their sums. Checks that they fit, and an output tile into a thread's scratch."""
    if launch.scratch is None or launch.scratch.size_bytes < FLOAT_BYTES * form.scratch_floats * program.batch:
        raise CompilerBug(f"the launch of `{launch.layer}` was given too little scratch for its tiles")
    if program.thread_bytes < FLOAT_BYTES * form.output_tile_floats:
        raise CompilerBug(f"`{launch.layer}` needs room for a tile in each thread's scratch")
    data = place(launch.scratch)
    products = data + form.data_floats * program.batch
    return (
        ChannelMap(place=data, image=form.data_floats, vector=form.vector_floats),
        ChannelMap(place=products, image=form.product_floats, vector=form.vector_floats),
    )


class _Result(NamedTuple):
    """The output of a sum: a map, the step between two rows, vectors of channels, and zeros around its rows."""

    y: ChannelMap
    row: int
    vectors: int
    gaps: Gaps


def _gaps(y: Buffer) -> Gaps:
    """The zeros of a map's margins, in the order of memory."""
    (top, left, bottom, right), row = y.margins, row_floats(y)
    return Gaps(
        before=top * row + left * y.vector_channels,
        between=(left + right) * y.vector_channels,
        behind=bottom * row + right * y.vector_channels,
    )


def _sum_windows(
    form: PackedSum,
    program: Program,
    packed: int,
    source: _Source,
    result: _Result,
    ending: Ending,
) -> SumWindows:
    """The words of a sum."""
    weights, biases = form.position_floats, form.blocks * form.width
    chunks, rows = _chunks(form)
    return SumWindows(
        x=source.x,
        x_row=source.row,
        x_column=source.column,
        x_stride_rows=source.stride_rows,
        x_stride_columns=source.stride_columns,
        vector_channels=form.vector_channels,
        channels=form.shape.x[0],
        y=result.y,
        y_row=result.row,
        y_vectors=result.vectors,
        y_gaps=result.gaps,
        out_height=form.shape.y[1],
        out_width=form.shape.y[2],
        weights=packed,
        w_block=form.block_floats,
        w_row=form.steps(weights)[0],
        w_column=form.steps(weights)[1],
        bias=packed + form.positions * weights,
        bias_row=form.steps(biases)[0],
        bias_column=form.steps(biases)[1],
        taps_y=form.shape.taps[0],
        taps_x=form.shape.taps[1],
        blocks=form.blocks,
        input_block=_input_block(form, program, rows),
        chunks=chunks,
        chunk_rows=rows,
        ending=ending,
        inputs=_blocks(form),
    )


def _blocks(form: PackedSum) -> tuple[int, ...]:
    """The first vector of inputs of each block and the end of them."""
    return tuple(end for block in range(form.blocks) for end in form.inputs(block))


def _chunks(form: PackedSum) -> tuple[int, int]:
    """The number of chunks of rows of an image, and the rows of a chunk."""
    height = form.shape.y[1]
    rows = -(-height * form.blocks // UNITS)
    return -(-height // rows), rows


def _units(form: PackedSum) -> int:
    return form.blocks * _chunks(form)[0]


def _input_block(form: PackedSum, program: Program, rows: int) -> int:
    """Vectors of inputs whose weights for a block of outputs fit in a quarter of the second cache; all, if weights are
    read once."""
    vector_bytes = FLOAT_BYTES * form.vector_channels * form.shape.taps[0] * form.shape.taps[1] * form.width
    everything = vectors(form.shape.x[0], form.vector_channels)
    return everything if form.positions > 1 or rows == 1 else max(1, program.target.l2_bytes // 4 // vector_bytes)

"""Launch rows of sums over windows with lanes = output channels: by definition, depthwise, by Winograd's algorithm."""

from __future__ import annotations

from netspec.diagnostics.failure import CompilerBug
from netspec.ir import operations as ops
from netspec.ir.channel_weights import PackedSum, packed_sum
from netspec.ir.channel_winograd import PackedWinograd, packed_winograd
from netspec.ir.channels import Sliding, activation_of, as_map, sliding, vectors
from netspec.ir.graph import Node
from netspec.ir.operations import Operation
from netspec.ir.program import Buffer, Launch, Program, Tile
from netspec.kernels.cpu.activations import CODES
from netspec.kernels.cpu.channel_copies import surround
from netspec.kernels.cpu.channel_maps import slide_depthwise
from netspec.kernels.cpu.channel_sums import sum_windows
from netspec.kernels.cpu.channel_winograd import give_patches, transform_patches
from netspec.kernels.cpu.rows import Row, Word, place

NO_TILE = Tile(1, 1)
UNITS = 32
"""of work in an image, about, that a sum over windows is divided into"""


def sum_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    """Convolution, Deconvolution, Local, Dense: perhaps a copy with zeros in place, then the sums."""
    if launch.algorithm == "winograd":
        return _winograd_rows(launch, program)
    shape = sliding(_node(launch))
    copying, source = _source(launch, shape, program)
    taps = tuple(shape.tap_column(j, copied=shape.copied) * launch.inputs[0].abreast for j in range(shape.taps[1]))
    if shape.depthwise:
        return (*copying, _depthwise_row(launch, shape, source, taps))
    return (*copying, _window_row(launch, program, source, taps))


def map_vectors(buffer: Buffer) -> int:
    """Vectors of channels of a map."""
    return vectors(as_map(buffer.value.shape)[0], buffer.abreast)


def _node(launch: Launch) -> Node:
    """The launch as a node of x and y, as far as shapes go."""
    return Node(launch.operation, (launch.inputs[0].value,), (launch.outputs[0].value,), launch.layer)


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
    given = (place(x), x.group_stride, x.plane_stride, height, width, x.abreast, map_vectors(x))
    made = (place(launch.scratch), image_floats, shape.copy_rows, phases, columns)
    words, units = (*given, *made, *shape.before, *shape.spacing), map_vectors(x) * shape.copy_rows
    copying = Row(surround, NO_TILE, words, units, per_group=True, reads=(x,), writes=(launch.scratch,))
    row = phases * columns * x.abreast
    steps = (shape.copy_rows * row, shape.dilation[0] * row, shape.stride[0] * row)
    return (copying,), (place(launch.scratch), image_floats, *steps)


def _depthwise_row(launch: Launch, shape: Sliding, source: tuple[int, ...], taps: tuple[int, ...]) -> Row:
    packed, y = launch.inputs[1], launch.outputs[0]
    at, image, vector, row, stride_rows = source
    channels, height, width = shape.y
    bias = place(packed) + map_vectors(y) * y.abreast * shape.taps[0] * shape.taps[1]
    maps = (at, image, vector, place(y), y.group_stride, y.plane_stride, channels, height * width)
    words = (*maps, row, stride_rows, height, width, place(packed), bias, *shape.taps)
    words = (*words, *_activation_words(launch.operation), *taps)
    return Row(slide_depthwise, launch.tile, words, map_vectors(y) * height, per_group=True)


def _window_row(launch: Launch, program: Program, source: tuple[int, ...], taps: tuple[int, ...]) -> Row:
    x, packed, y = launch.inputs[0], launch.inputs[1], launch.outputs[0]
    form = packed_sum(_node(launch), launch.tile, x.abreast, program.target.lanes)
    if packed.size_bytes != 4 * form.floats:
        raise CompilerBug(f"`{packed.value.name}` holds {packed.size_bytes} bytes, not {4 * form.floats}")
    read = (*source, x.abreast, form.shape.x[0])
    written = (place(y), y.group_stride, y.plane_stride, form.shape.y[2] * y.abreast, map_vectors(y))
    loops = _loops(form, program, place(packed))
    words = (*read, *written, *loops, *_activation_words(launch.operation), *_blocks(form), *taps)
    return Row(sum_windows, launch.tile, words, _units(form), per_group=True)


def _winograd_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    """Patches to their numbers, the sums over channels of each number, and back."""
    x, packed, y = launch.inputs[0], launch.inputs[1], launch.outputs[0]
    assert isinstance(launch.operation, ops.Convolution)
    form = packed_winograd(_node(launch), launch.tile, program.target.lanes)
    data, products = _patch_places(launch, program, form)
    patches = (form.plane_floats, *form.patches, form.side)
    taken = (place(x), x.group_stride, x.plane_stride, *x.value.shape[1:], map_vectors(x), *data)
    taking = (*taken, *patches, *launch.operation.window.before)
    given = (place(y), y.group_stride, y.plane_stride, *y.value.shape[1:], map_vectors(y), *products)
    giving = (*given, *patches, place(packed) + form.sums.floats, *_activation_words(launch.operation))
    return (
        Row(transform_patches, NO_TILE, taking, map_vectors(x) * form.patches[0], per_group=True),
        _product_row(launch.tile, program, form, place(packed), data, products),
        Row(give_patches, NO_TILE, giving, map_vectors(y) * form.patches[0], per_group=True),
    )


def _product_row(
    tile: Tile, program: Program, form: PackedWinograd, packed: int, data: tuple[int, ...], products: tuple[int, ...]
) -> Row:
    """The sums over channels, as of a map of 36 rows; `data` and `products` are places, strides of images and of
    vectors of channels."""
    sums, plane = form.sums, form.plane_floats
    read = (*data, plane, plane, sums.abreast, sums.shape.x[0])
    written = (*products, plane, sums.blocks * sums.columns)
    words = (*read, *written, *_loops(sums, program, packed), CODES["identity"], 0.0, *_blocks(sums), 0)
    return Row(sum_windows, tile, words, _units(sums), per_group=True)


def _patch_places(launch: Launch, program: Program, form: PackedWinograd) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Where patches and their sums go; checks that they fit, and a patch into a thread's scratch."""
    if launch.scratch is None or launch.scratch.size_bytes < 4 * form.scratch_floats * program.batch:
        raise CompilerBug(f"the launch of `{launch.layer}` was given too little scratch for its patches")
    if program.thread_bytes < 4 * form.patch_floats:
        raise CompilerBug(f"`{launch.layer}` needs room for a patch in each thread's scratch")
    data = place(launch.scratch)
    products = data + form.data_floats * program.batch
    return (data, form.data_floats, form.vector_floats), (products, form.product_floats, form.vector_floats)


def _loops(form: PackedSum, program: Program, packed: int) -> tuple[int, ...]:
    """The words of `sum_windows` from the size of y to how its work is cut."""
    weights, biases = form.position_floats, form.blocks * form.width
    bias = packed + form.positions * weights
    places = (packed, form.block_floats, *form.steps(weights), bias, *form.steps(biases))
    chunks, rows = _chunks(form)
    block = _input_block(form, program, rows)
    return (*form.shape.y[1:], *places, *form.shape.taps, form.blocks, block, chunks, rows)


def _blocks(form: PackedSum) -> tuple[int, ...]:
    """The table of each block's first vector of inputs and of the one behind its last."""
    return tuple(end for block in range(form.blocks) for end in form.inputs(block))


def _chunks(form: PackedSum) -> tuple[int, int]:
    """How many chunks the rows of an image are cut into, and how many rows are in one."""
    height = form.shape.y[1]
    rows = -(-height * form.blocks // UNITS)
    return -(-height // rows), rows


def _units(form: PackedSum) -> int:
    return form.blocks * _chunks(form)[0]


def _input_block(form: PackedSum, program: Program, rows: int) -> int:
    """Vectors of inputs whose weights for a block of outputs stay in a part of the second cache; all, where weights
    are not read again."""
    vector_bytes = 4 * form.abreast * form.shape.taps[0] * form.shape.taps[1] * form.width
    everything = vectors(form.shape.x[0], form.abreast)
    return everything if form.positions > 1 or rows == 1 else max(1, program.target.l2_bytes // 4 // vector_bytes)

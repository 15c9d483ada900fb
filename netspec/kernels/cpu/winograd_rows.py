"""Launch rows of Winograd's convolution and of the input gradient by it."""

from __future__ import annotations

from netspec.diagnostics.failure import CompilerBug
from netspec.ir.operations import Window
from netspec.ir.packed_kernels import PackedKernels
from netspec.ir.patches_at_once import CHUNK, PatchesAtOnce, at_once
from netspec.ir.program import Launch, Program, Tile
from netspec.kernels.cpu.planes import NOTHING, UNPOOLED, Ending, Planes, Pooling
from netspec.kernels.cpu.rows import Row, after_copying, copying, place
from netspec.kernels.cpu.winograd import convolve, transform_weights
from netspec.kernels.cpu.winograd_blocks import convolve_blocks
from netspec.kernels.cpu.winograd_rules import PRODUCTS, SIZE


def winograd_rows(
    launch: Launch,
    program: Program,
    window: Window,
    x: Planes,
    y: Planes,
    ending: Ending,
    pooling: Pooling = UNPOOLED,
) -> tuple[Row, ...]:
    """y = the window's sum over x, and the ending, pooled if asked for."""
    taps = window.kernel[0]
    given = (place(launch.inputs[1]), x.channels * taps * taps, taps * taps, int(False))
    return _rows(launch, program, x, y, given, window.before, taps, ending, pooling)


def winograd_adjoint_rows(launch: Launch, program: Program, window: Window, dy: Planes, dx: Planes) -> tuple[Row, ...]:
    """dx = the transpose of the window's sum applied to dy: the sum over dy of the kernels turned round, that begins
    as far before dx as taps - 1 and the padding leave."""
    taps = window.kernel[0]
    given = (place(launch.inputs[1]), taps * taps, dx.channels * taps * taps, int(True))
    before = (taps - 1 - window.before[0], taps - 1 - window.before[1])
    return _rows(launch, program, dy, dx, given, before, taps, NOTHING)


def _rows(
    launch: Launch,
    program: Program,
    x: Planes,
    y: Planes,
    given: tuple[int, ...],
    before: tuple[int, int],
    taps: int,
    ending: Ending,
    pooling: Pooling = UNPOOLED,
) -> tuple[Row, ...]:
    """`given` are the words of `transform_weights` that tell where the kernels lie."""
    tile, side, target = launch.tile, SIZE + 1 - taps, program.target
    source = (x.place, x.group_stride, x.channel_stride, x.row_stride, x.height, x.width, x.channels)
    height, width = pooling.size or (y.height, y.width)
    result = (y.place, y.group_stride, y.channel_stride, y.row_stride, height, width, y.channels)
    patches, sizes = -(-height // side) * -(-width // side), (y.channels, x.channels, taps)
    if tile.rows > target.lanes:
        raise CompilerBug(f"the tile of `{launch.layer}` has more rows than lanes")
    geometry = (*source, *result, side, *before)
    ended = (*ending.words, int(pooling.size is not None), *pooling.index)
    if at_once(y.channels, x.channels, patches * program.groups, target):
        form = PatchesAtOnce(y.channels, x.channels, patches * program.groups, tile, target.lanes)
        return (_blocks_row(launch, program, form, geometry, ended, given, sizes),)
    packed = PackedKernels(y.channels, x.channels, tile.rows, target.lanes)
    into = (_place(launch, program, packed), packed.block, packed.plane)
    weights = Row(transform_weights, Tile(tile.rows, 1), (*given, *into, *sizes), packed.blocks)
    convolving = Row(convolve, tile, (*geometry, *into, *ended), patches, per_group=True)
    return (copying(1, launch, weights), after_copying(1, launch, convolving))


def _blocks_row(
    launch: Launch,
    program: Program,
    form: PatchesAtOnce,
    geometry: tuple[int, ...],
    ended: tuple[int, ...],
    given: tuple[int, ...],
    sizes: tuple[int, int, int],
) -> Row:
    """All patches at once; `given` and `sizes` are the words of `transform_weights` before and behind where to."""
    if program.thread_bytes < 4 * form.floats:
        raise CompilerBug(f"the launch of `{launch.layer}` has too little scratch for its patches")
    into = (0, form.kernels.block, form.kernels.plane)
    planes = (form.width, CHUNK, form.kernels.floats, form.data_plane, form.products_plane)
    words = (*geometry, *into, *ended, *planes, *given, *into, *sizes)
    return Row(convolve_blocks, launch.tile, words, -(-form.outputs // launch.tile.rows))


def _place(launch: Launch, program: Program, packed: PackedKernels) -> int:
    """Where the transformed kernels go; checks that they fit, and a thread's strip too."""
    channels = packed.inputs + packed.blocks * packed.rows
    strip = PRODUCTS * (channels * launch.tile.columns + 3) * packed.lanes
    if launch.scratch is None or launch.scratch.size_bytes < 4 * packed.floats or program.thread_bytes < 4 * strip:
        raise CompilerBug(f"the launch of `{launch.layer}` has too little scratch for Winograd's convolution")
    return place(launch.scratch)

"""Launch rows of Winograd's convolution and of the input gradient by it."""

from __future__ import annotations

from netspec.diagnostics.failure import CompilerBug
from netspec.ir.memory import FLOAT_BYTES
from netspec.ir.operations import Window
from netspec.kernels.cpu.language.planes import NO_EPILOGUE, UNPOOLED, Epilogue, Planes, Pooling
from netspec.kernels.cpu.language.rows import Row, after_copying, copying, place
from netspec.kernels.cpu.winograd.batched import ConvolveBatched, convolve_batched
from netspec.kernels.cpu.winograd.convolution import (
    Convolve,
    TransformedFilters,
    TransformFilters,
    convolve,
    transform_filters,
)
from netspec.targets.cpu.batched_winograd import CHUNK, BatchedWinograd
from netspec.targets.cpu.packed_filters import PackedFilters
from netspec.targets.cpu.program import Launch, Program, Tile
from netspec.targets.cpu.winograd_tiles import INPUT_TILE, PRODUCTS

IN_SCRATCH = TransformedFilters(place=0, block=0, plane=0)
"""Filters in the scratch of a thread, whose offset the kernel computes."""


def winograd_rows(
    launch: Launch,
    program: Program,
    window: Window,
    x: Planes,
    y: Planes,
    epilogue: Epilogue,
    pooling: Pooling = UNPOOLED,
) -> tuple[Row, ...]:
    """y = the window's sum over x, and the epilogue, pooled if asked for."""
    taps = window.kernel[0]
    filters = TransformFilters(
        source=place(launch.inputs[1]),
        output_step=x.channels * taps * taps,
        input_step=taps * taps,
        flipped=False,
        packed=IN_SCRATCH,
        outputs=y.channels,
        inputs=x.channels,
        taps=taps,
    )
    return _rows(launch, program, x, y, filters, window.before, epilogue, pooling)


def winograd_adjoint_rows(launch: Launch, program: Program, window: Window, dy: Planes, dx: Planes) -> tuple[Row, ...]:
    """dx = the transpose of the window's sum applied to dy: the sum over dy of the flipped filters, which begins
    taps - 1 - padding before dx."""
    taps = window.kernel[0]
    filters = TransformFilters(
        source=place(launch.inputs[1]),
        output_step=taps * taps,
        input_step=dx.channels * taps * taps,
        flipped=True,
        packed=IN_SCRATCH,
        outputs=dx.channels,
        inputs=dy.channels,
        taps=taps,
    )
    before = (taps - 1 - window.before[0], taps - 1 - window.before[1])
    return _rows(launch, program, dy, dx, filters, before, NO_EPILOGUE)


def _rows(
    launch: Launch,
    program: Program,
    x: Planes,
    y: Planes,
    filters: TransformFilters,
    before: tuple[int, int],
    epilogue: Epilogue,
    pooling: Pooling = UNPOOLED,
) -> tuple[Row, ...]:
    """`filters` are the words of the filter transform without the destination."""
    tile, target = launch.tile, program.target
    if tile.rows > target.lanes:
        raise CompilerBug(f"the tile of `{launch.layer}` has more rows than lanes")
    words = _convolve(x, y, INPUT_TILE + 1 - filters.taps, before, epilogue, pooling)
    input_tiles = -(-words.y.height // words.side) * -(-words.y.width // words.side)
    if launch.algorithm == "winograd_batched":
        form = BatchedWinograd(y.channels, x.channels, input_tiles * program.groups, tile, target.lanes)
        return (_batched_row(launch, program, form, words, filters),)
    packed = PackedFilters(y.channels, x.channels, tile.rows, target.lanes)
    into = TransformedFilters(place=_filters_place(launch, program, packed), block=packed.block, plane=packed.plane)
    weights = Row(transform_filters, Tile(tile.rows, 1), filters._replace(packed=into), packed.blocks)
    convolving = Row(convolve, tile, words._replace(weights=into), input_tiles, per_group=True)
    return (copying(1, launch, weights), after_copying(1, launch, convolving))


def _convolve(
    x: Planes, y: Planes, side: int, before: tuple[int, int], epilogue: Epilogue, pooling: Pooling
) -> Convolve:
    """The words of a convolution without the place of its filters."""
    height, width = pooling.size or (y.height, y.width)
    return Convolve(
        x=x.map,
        inputs=x.channels,
        y=y.map._replace(height=height, width=width),
        outputs=y.channels,
        side=side,
        before_y=before[0],
        before_x=before[1],
        weights=IN_SCRATCH,
        bias=epilogue.bias,
        activation=epilogue.code,
        pooled=pooling.size is not None,
        index=pooling.index,
    )


def _batched_row(
    launch: Launch, program: Program, form: BatchedWinograd, words: Convolve, filters: TransformFilters
) -> Row:
    """The row for all input tiles of a batch together."""
    if program.thread_bytes < FLOAT_BYTES * form.floats:
        raise CompilerBug(f"the launch of `{launch.layer}` has too little scratch for its tiles")
    into = IN_SCRATCH._replace(block=form.filters.block, plane=form.filters.plane)
    descriptor = ConvolveBatched(
        convolve=words._replace(weights=into),
        input_tiles=form.width,
        chunk=CHUNK,
        filters=form.filters.floats,
        data_plane=form.data_plane,
        products_plane=form.products_plane,
        packing=filters._replace(packed=into),
    )
    return Row(convolve_batched, launch.tile, descriptor, -(-form.outputs // launch.tile.rows))


def _filters_place(launch: Launch, program: Program, packed: PackedFilters) -> int:
    """The offset of the transformed filters. Checks that they fit, and a thread's strip too."""
    channels = packed.inputs + packed.blocks * packed.rows
    strip = PRODUCTS * (channels * launch.tile.columns + 3) * packed.lanes
    short = program.thread_bytes < FLOAT_BYTES * strip
    if short or launch.scratch is None or launch.scratch.size_bytes < FLOAT_BYTES * packed.floats:
        raise CompilerBug(f"the launch of `{launch.layer}` has too little scratch for Winograd's convolution")
    return place(launch.scratch)

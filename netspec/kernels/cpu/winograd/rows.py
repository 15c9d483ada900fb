"""Launch rows of Winograd's convolution and of the input gradient by it."""

from __future__ import annotations

from netspec.diagnostics.failure import CompilerBug
from netspec.ir.memory import FLOAT_BYTES
from netspec.ir.operations import Window
from netspec.kernels.cpu.language.planes import NO_EPILOGUE, UNPOOLED, Epilogue, Planes, Pooling
from netspec.kernels.cpu.language.rows import Row, after_copying, copying, place
from netspec.kernels.cpu.winograd.blocks import ConvolveBlocks, convolve_blocks
from netspec.kernels.cpu.winograd.convolution import (
    Convolve,
    TransformedKernels,
    TransformWeights,
    convolve,
    transform_weights,
)
from netspec.targets.cpu.packed_kernels import PackedKernels
from netspec.targets.cpu.patches import PATCH, PRODUCTS
from netspec.targets.cpu.patches_at_once import CHUNK, PatchesAtOnce
from netspec.targets.cpu.program import Launch, Program, Tile

IN_SCRATCH = TransformedKernels(place=0, block=0, plane=0)
"""Kernels in the scratch of a thread, whose place the kernel knows."""


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
    lies = TransformWeights(
        source=place(launch.inputs[1]),
        output_step=x.channels * taps * taps,
        input_step=taps * taps,
        turned=False,
        packed=IN_SCRATCH,
        outputs=y.channels,
        inputs=x.channels,
        taps=taps,
    )
    return _rows(launch, program, x, y, lies, window.before, epilogue, pooling)


def winograd_adjoint_rows(launch: Launch, program: Program, window: Window, dy: Planes, dx: Planes) -> tuple[Row, ...]:
    """dx = the transpose of the window's sum applied to dy: the sum over dy of the kernels turned round, that begins
    as far before dx as taps - 1 and the padding leave."""
    taps = window.kernel[0]
    lies = TransformWeights(
        source=place(launch.inputs[1]),
        output_step=taps * taps,
        input_step=dx.channels * taps * taps,
        turned=True,
        packed=IN_SCRATCH,
        outputs=dx.channels,
        inputs=dy.channels,
        taps=taps,
    )
    before = (taps - 1 - window.before[0], taps - 1 - window.before[1])
    return _rows(launch, program, dy, dx, lies, before, NO_EPILOGUE)


def _rows(
    launch: Launch,
    program: Program,
    x: Planes,
    y: Planes,
    lies: TransformWeights,
    before: tuple[int, int],
    epilogue: Epilogue,
    pooling: Pooling = UNPOOLED,
) -> tuple[Row, ...]:
    """`lies` are the kernels as they lie; where they go is not in it yet."""
    tile, target = launch.tile, program.target
    if tile.rows > target.lanes:
        raise CompilerBug(f"the tile of `{launch.layer}` has more rows than lanes")
    words = _convolve(x, y, PATCH + 1 - lies.taps, before, epilogue, pooling)
    patches = -(-words.y.height // words.side) * -(-words.y.width // words.side)
    if launch.algorithm == "winograd_batched":
        form = PatchesAtOnce(y.channels, x.channels, patches * program.groups, tile, target.lanes)
        return (_blocks_row(launch, program, form, words, lies),)
    packed = PackedKernels(y.channels, x.channels, tile.rows, target.lanes)
    into = TransformedKernels(place=_place(launch, program, packed), block=packed.block, plane=packed.plane)
    weights = Row(transform_weights, Tile(tile.rows, 1), lies._replace(packed=into), packed.blocks)
    convolving = Row(convolve, tile, words._replace(weights=into), patches, per_group=True)
    return (copying(1, launch, weights), after_copying(1, launch, convolving))


def _convolve(
    x: Planes, y: Planes, side: int, before: tuple[int, int], epilogue: Epilogue, pooling: Pooling
) -> Convolve:
    """The words of a convolution but for where its kernels are."""
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


def _blocks_row(launch: Launch, program: Program, form: PatchesAtOnce, words: Convolve, lies: TransformWeights) -> Row:
    """All patches at once."""
    if program.thread_bytes < FLOAT_BYTES * form.floats:
        raise CompilerBug(f"the launch of `{launch.layer}` has too little scratch for its patches")
    into = IN_SCRATCH._replace(block=form.kernels.block, plane=form.kernels.plane)
    descriptor = ConvolveBlocks(
        convolve=words._replace(weights=into),
        at_once=form.width,
        chunk=CHUNK,
        kernels=form.kernels.floats,
        data_plane=form.data_plane,
        products_plane=form.products_plane,
        packing=lies._replace(packed=into),
    )
    return Row(convolve_blocks, launch.tile, descriptor, -(-form.outputs // launch.tile.rows))


def _place(launch: Launch, program: Program, packed: PackedKernels) -> int:
    """Where the transformed kernels go; checks that they fit, and a thread's strip too."""
    channels = packed.inputs + packed.blocks * packed.rows
    strip = PRODUCTS * (channels * launch.tile.columns + 3) * packed.lanes
    short = program.thread_bytes < FLOAT_BYTES * strip
    if short or launch.scratch is None or launch.scratch.size_bytes < FLOAT_BYTES * packed.floats:
        raise CompilerBug(f"the launch of `{launch.layer}` has too little scratch for Winograd's convolution")
    return place(launch.scratch)

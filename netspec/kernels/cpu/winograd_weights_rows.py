"""Launch rows of the weight gradient by Winograd's algorithm."""

from __future__ import annotations

from netspec.diagnostics.failure import CompilerBug
from netspec.ir.operations import Window
from netspec.ir.patch_blocks import PatchBlocks, patch_blocks
from netspec.ir.program import Launch, Program, Tile
from netspec.kernels.cpu.planes import Planes
from netspec.kernels.cpu.rows import Row, place
from netspec.kernels.cpu.winograd_rules import SIZE
from netspec.kernels.cpu.winograd_weights import RUN, add_parts, multiply_patches


def winograd_weight_gradient_rows(
    launch: Launch, program: Program, window: Window, x: Planes, dy: Planes
) -> tuple[Row, ...]:
    """The products of all patches, and the sum of their parts where there are several."""
    taps = window.kernel[0]
    side, (dw,), numbers = SIZE + 1 - taps, launch.outputs, launch.outputs[0].value.elements
    patches = -(-dy.height // side) * -(-dy.width // side) * program.groups
    blocks = patch_blocks(dy.channels, x.channels, patches, side, launch.tile, program.target.lanes)
    into = place(dw) if blocks.parts == 1 else _partials(launch, blocks, numbers)
    if program.thread_bytes < 4 * blocks.thread_floats:
        raise CompilerBug(f"the threads of the launch of `{launch.layer}` have too little scratch for its patches")
    source = (x.place, x.group_stride, x.channel_stride, x.row_stride, x.height, x.width, x.channels)
    cotangents = (dy.place, dy.group_stride, dy.channel_stride, dy.row_stride, dy.height, dy.width, dy.channels)
    cut = (blocks.outputs, blocks.inputs, blocks.output_blocks, blocks.parts, blocks.chunk)
    planes = (blocks.sum_plane, blocks.data_plane, blocks.cotangent_plane, into, numbers)
    products = Row(
        multiply_patches, launch.tile, (*source, *cotangents, side, taps, *window.before, *cut, *planes), blocks.units
    )
    if blocks.parts == 1:
        return (products,)
    return (products, Row(add_parts, Tile(1, 1), (into, numbers, blocks.parts, place(dw)), -(-numbers // RUN)))


def _partials(launch: Launch, blocks: PatchBlocks, numbers: int) -> int:
    """Where the parts' gradients go; checks that they fit."""
    if launch.scratch is None or launch.scratch.size_bytes < 4 * blocks.parts * numbers:
        raise CompilerBug(f"the launch of `{launch.layer}` has too little scratch for {blocks.parts} gradients")
    return place(launch.scratch)

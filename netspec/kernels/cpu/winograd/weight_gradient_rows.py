"""Launch rows of the weight gradient by Winograd's algorithm."""

from __future__ import annotations

from netspec.diagnostics.failure import CompilerBug
from netspec.ir.memory import FLOAT_BYTES
from netspec.ir.operations import Window
from netspec.kernels.cpu.language.planes import Planes
from netspec.kernels.cpu.language.rows import Row, place
from netspec.kernels.cpu.winograd.weight_gradient import RUN, AddParts, MultiplyPatches, add_parts, multiply_patches
from netspec.targets.cpu.patch_blocks import PatchBlocks, patch_blocks
from netspec.targets.cpu.patches import PATCH
from netspec.targets.cpu.program import Launch, Program, Tile


def winograd_weight_gradient_rows(
    launch: Launch, program: Program, window: Window, x: Planes, dy: Planes
) -> tuple[Row, ...]:
    """The products of all patches, and the sum of their parts where there are several."""
    taps = window.kernel[0]
    side, (dw,), numbers = PATCH + 1 - taps, launch.outputs, launch.outputs[0].value.elements
    patches = -(-dy.height // side) * -(-dy.width // side) * program.groups
    blocks = patch_blocks(dy.channels, x.channels, patches, side, launch.tile, program.target.lanes)
    into = place(dw) if blocks.parts == 1 else _partials(launch, blocks, numbers)
    if program.thread_bytes < FLOAT_BYTES * blocks.thread_floats:
        raise CompilerBug(f"the threads of the launch of `{launch.layer}` have too little scratch for its patches")
    words = MultiplyPatches(
        x=x.map,
        inputs=x.channels,
        dy=dy.map,
        outputs=dy.channels,
        side=side,
        taps=taps,
        before_y=window.before[0],
        before_x=window.before[1],
        block_outputs=blocks.outputs,
        block_inputs=blocks.inputs,
        output_blocks=blocks.output_blocks,
        parts=blocks.parts,
        chunk=blocks.chunk,
        sum_plane=blocks.sum_plane,
        data_plane=blocks.data_plane,
        cotangent_plane=blocks.cotangent_plane,
        result=into,
        result_part=numbers,
    )
    products = Row(multiply_patches, launch.tile, words, blocks.units)
    if blocks.parts == 1:
        return (products,)
    adding = AddParts(given=into, numbers=numbers, count=blocks.parts, total=place(dw))
    return (products, Row(add_parts, Tile(1, 1), adding, -(-numbers // RUN)))


def _partials(launch: Launch, blocks: PatchBlocks, numbers: int) -> int:
    """Where the parts' gradients go; checks that they fit."""
    if launch.scratch is None or launch.scratch.size_bytes < FLOAT_BYTES * blocks.parts * numbers:
        raise CompilerBug(f"the launch of `{launch.layer}` has too little scratch for {blocks.parts} gradients")
    return place(launch.scratch)

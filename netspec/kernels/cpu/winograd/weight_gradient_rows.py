"""Launch rows of the weight gradient by Winograd's algorithm."""

from __future__ import annotations

from netspec.diagnostics.failure import CompilerBug
from netspec.ir.memory import FLOAT_BYTES
from netspec.ir.operations import Window
from netspec.kernels.cpu.language.planes import Planes
from netspec.kernels.cpu.language.rows import Row, place
from netspec.kernels.cpu.winograd.weight_gradient import RUN, AddParts, MultiplyTiles, add_parts, multiply_tiles
from netspec.targets.cpu.program import Launch, Program, Tile
from netspec.targets.cpu.winograd_tiles import INPUT_TILE
from netspec.targets.cpu.winograd_weight_blocks import WeightBlocks, weight_blocks


def winograd_weight_gradient_rows(
    launch: Launch, program: Program, window: Window, x: Planes, dy: Planes
) -> tuple[Row, ...]:
    """The products of all tiles, and the sum of their parts if there are several."""
    taps = window.kernel[0]
    side, (dw,), numbers = INPUT_TILE + 1 - taps, launch.outputs, launch.outputs[0].value.elements
    input_tiles = -(-dy.height // side) * -(-dy.width // side) * program.groups
    blocks = weight_blocks(dy.channels, x.channels, input_tiles, side, launch.tile, program.target.lanes)
    into = place(dw) if blocks.parts == 1 else _partials(launch, blocks, numbers)
    if program.thread_bytes < FLOAT_BYTES * blocks.thread_floats:
        raise CompilerBug(f"the threads of the launch of `{launch.layer}` have too little scratch for its tiles")
    words = MultiplyTiles(
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
    products = Row(multiply_tiles, launch.tile, words, blocks.units)
    if blocks.parts == 1:
        return (products,)
    adding = AddParts(partial=into, numbers=numbers, count=blocks.parts, total=place(dw))
    return (products, Row(add_parts, Tile(1, 1), adding, -(-numbers // RUN)))


def _partials(launch: Launch, blocks: WeightBlocks, numbers: int) -> int:
    """The offset of the parts' gradients. Checks that they fit."""
    if launch.scratch is None or launch.scratch.size_bytes < FLOAT_BYTES * blocks.parts * numbers:
        raise CompilerBug(f"the launch of `{launch.layer}` has too little scratch for {blocks.parts} gradients")
    return place(launch.scratch)

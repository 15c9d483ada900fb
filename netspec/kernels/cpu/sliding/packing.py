"""Packed weights: the factors of a tile are contiguous, [group of channels][block][input][i][j][rows]."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from netspec.diagnostics.failure import CompilerBug
from netspec.ir.memory import FLOAT_BYTES
from netspec.kernels.cpu.language.descriptor import Words, places
from netspec.kernels.cpu.language.jit import kernel
from netspec.kernels.cpu.language.rows import Row, place
from netspec.kernels.cpu.language.tile import rows
from netspec.kernels.cpu.sliding.geometry import Axis
from netspec.targets.cpu.processor import CpuTarget
from netspec.targets.cpu.program import Launch, Tile


class Pack(NamedTuple):
    """Words of `pack`: place and strides of the weights, place and sizes of the packed ones."""

    source: int
    channel_group_step: int
    output_step: int
    input_step: int
    i_step: int
    j_step: int
    packed: int
    outputs: int
    inputs: int
    taps_y: int
    taps_x: int
    blocks: int


PACK = places(Pack)


@kernel
def pack(tile, arena, d: Words[Pack], state, begin, end, thread):
    """Packs weights into blocks of as many rows as the tile; rows past the last output channel are zeros. Unit: a
    block."""
    inputs, taps_y, taps_x, height = d[PACK.inputs], d[PACK.taps_y], d[PACK.taps_x], rows(tile)
    for unit in range(begin, end):
        channel_group, first = unit // d[PACK.blocks], unit % d[PACK.blocks] * height
        source = d[PACK.source] + channel_group * d[PACK.channel_group_step] + first * d[PACK.output_step]
        into = d[PACK.packed] + unit * inputs * taps_y * taps_x * height
        count = min(height, d[PACK.outputs] - first)
        for c in range(inputs):
            for i in range(taps_y):
                for j in range(taps_x):
                    at = source + c * d[PACK.input_step] + i * d[PACK.i_step] + j * d[PACK.j_step]
                    for r in range(height):
                        arena[into + r] = arena[at + r * d[PACK.output_step]] if r < count else np.float32(0.0)
                    into += height


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of a sliding sum in the arena: [outputs][inputs][kh][kw], or with the first two axes exchanged."""

    place: int
    outputs: int
    """output channels of a group of channels"""
    inputs: int
    output_step: int
    input_step: int
    row_step: int
    """float32 numbers from one kernel row to the next"""
    channel_groups: int = 1

    @property
    def channel_group_step(self) -> int:
        """Stride of groups of channels."""
        return max(self.outputs * self.output_step, self.inputs * self.input_step)


class Packed:
    """Allocates packed weights in a launch's scratch, phase by phase."""

    def __init__(self, launch: Launch, target: CpuTarget) -> None:
        if launch.scratch is None:
            raise CompilerBug(f"the launch of `{launch.layer}` was given no scratch for its weights")
        self.tile, self.target = launch.tile, target
        self.launch, self._source, self._scratch = launch, launch.inputs[1], launch.scratch
        self._next = place(launch.scratch)

    def take(self, floats: int) -> int:
        """Place of the next `floats` numbers."""
        taken, self._next = self._next, self._next + floats
        if self._next > place(self._scratch) + self._scratch.size_bytes // FLOAT_BYTES:
            raise CompilerBug(f"`{self._scratch.value.name}` of {self._scratch.size_bytes} bytes is too small")
        return taken

    def weights(self, weights: Weights, vertical: Axis, horizontal: Axis) -> tuple[int, Row]:
        """Place of the next packed weights, and the row that packs them."""
        blocks = -(-weights.outputs // self.tile.rows)
        into = self.take(
            weights.channel_groups * blocks * self.tile.rows * weights.inputs * vertical.taps * horizontal.taps
        )
        first = weights.place + vertical.tap_first * weights.row_step + horizontal.tap_first
        words = Pack(
            source=first,
            channel_group_step=weights.channel_group_step,
            output_step=weights.output_step,
            input_step=weights.input_step,
            i_step=vertical.tap_step * weights.row_step,
            j_step=horizontal.tap_step,
            packed=into,
            outputs=weights.outputs,
            inputs=weights.inputs,
            taps_y=vertical.taps,
            taps_x=horizontal.taps,
            blocks=blocks,
        )
        units, source, scratch = weights.channel_groups * blocks, (self._source,), (self._scratch,)
        return into, Row(pack, Tile(self.tile.rows, 1), words, units, reads=source, writes=scratch)

"""Sums over images: of each channel (a convolution's bias gradient) and of each element."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from typing import NamedTuple

from netspec.kernels.cpu.language.descriptor import Operand, Words, places
from netspec.kernels.cpu.language.jit import kernel
from netspec.kernels.cpu.language.products import accumulate
from netspec.kernels.cpu.language.rows import Row, place, where
from netspec.kernels.cpu.language.state import GROUPS
from netspec.kernels.cpu.language.tile import lane_sums, lanes, rows, zeros
from netspec.targets.cpu.program import Launch, Program


class Summed(NamedTuple):
    """Words of `sum_images`: positions per channel, channel stride in float32 elements, first element of the sums."""

    dy: Operand
    positions: int
    channel: int
    sums: int


SUMMED = places(Summed)


def channel_sum_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    """ChannelSum: the sum over all positions of a channel."""
    dy = launch.inputs[0]
    channels = dy.value.shape[0]
    return _sum_rows(launch, channels, dy.value.elements // channels, dy.plane_stride)


def batch_sum_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    """BatchSum: every element is a channel with one position."""
    return _sum_rows(launch, launch.inputs[0].value.elements, 1, program.target.lanes)


def _sum_rows(launch: Launch, channels: int, positions: int, channel_stride: int) -> tuple[Row, ...]:
    dy, sums = launch.inputs[0], launch.outputs[0]
    words = Summed(dy=where(dy), positions=positions, channel=channel_stride, sums=place(sums))
    return (Row(sum_images, launch.tile, words, channels // launch.tile.rows),)


@kernel
def sum_images(tile, arena, d: Words[Summed], state, begin, end, thread):
    """Sums over images and positions: groups in order, positions in order, then lanes by a fixed tree. Unit: as many
    channels as the tile has rows."""
    channel = d[SUMMED.channel]
    for unit in range(begin, end):
        registers = zeros(tile)
        for g in range(state[GROUPS]):
            at = d[SUMMED.dy.place] + g * d[SUMMED.dy.group] + unit * rows(tile) * channel
            for _ in range(d[SUMMED.positions]):
                registers = accumulate(registers, arena, at, channel, 0)
                at += lanes(tile)
        lane_sums(registers, arena, d[SUMMED.sums] + unit * rows(tile), 1, 0)

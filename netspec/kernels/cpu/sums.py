"""Sums over images: of each channel (a convolution's bias gradient) and of each element."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from netspec.ir.program import Launch, Program
from netspec.kernels.cpu.jit import kernel
from netspec.kernels.cpu.products import accumulate
from netspec.kernels.cpu.rows import Row, place
from netspec.kernels.cpu.state import GROUPS
from netspec.kernels.cpu.tile import lane_sums, lanes, rows, zeros

(DY, DY_GROUP, POSITIONS, DY_CHANNEL, SUMS) = range(5)


def channel_sum_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    """ChannelSum: every position of a channel is summed."""
    dy = launch.inputs[0]
    channels = dy.value.shape[0]
    return _sum_rows(launch, channels, dy.value.elements // channels, dy.plane_stride)


def batch_sum_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    """BatchSum: every element is a channel of one position."""
    return _sum_rows(launch, launch.inputs[0].value.elements, 1, program.target.lanes)


def _sum_rows(launch: Launch, channels: int, positions: int, channel_stride: int) -> tuple[Row, ...]:
    dy, sums = launch.inputs[0], launch.outputs[0]
    words = (place(dy), dy.group_stride, positions, channel_stride, place(sums))
    return (Row(sum_images, launch.tile, words, channels // launch.tile.rows),)


@kernel
def sum_images(tile, arena, d, state, begin, end, thread):
    """The sum over images and positions of as many channels as the tile has rows: groups in order, positions in order,
    then the lanes by a fixed tree. Unit: such a block of channels."""
    channel = d[DY_CHANNEL]
    for unit in range(begin, end):
        registers = zeros(tile)
        for g in range(state[GROUPS]):
            at = d[DY] + g * d[DY_GROUP] + unit * rows(tile) * channel
            for _ in range(d[POSITIONS]):
                registers = accumulate(registers, arena, at, channel, 0)
                at += lanes(tile)
        lane_sums(registers, arena, d[SUMS] + unit * rows(tile), 1, 0)

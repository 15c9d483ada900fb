"""Nearest-neighbour upsampling and its gradient."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import NamedTuple

from netspec.kernels.cpu.language.descriptor import Operand, Words, places
from netspec.kernels.cpu.language.jit import kernel
from netspec.kernels.cpu.language.rows import Kernel, Row, where
from netspec.kernels.cpu.language.tile import lanes
from netspec.kernels.cpu.language.vector import load, splat, store
from netspec.targets.cpu.program import Buffer, Launch, Program, Tile


class Enlarged(NamedTuple):
    """Words of both kernels; height and width are those of the small side."""

    channels: int
    height: int
    width: int
    factor: int
    small: Operand
    large: Operand


ENLARGED = places(Enlarged)


@kernel
def upsample(tile, arena, d: Words[Enlarged], state, begin, end, thread):
    """Unit: a channel of a group."""
    step, height, width, factor = lanes(tile), d[ENLARGED.height], d[ENLARGED.width], d[ENLARGED.factor]
    for unit in range(begin, end):
        group = unit // d[ENLARGED.channels]
        plane = (unit - group * d[ENLARGED.channels]) * height * width * step
        x = d[ENLARGED.small.place] + group * d[ENLARGED.small.group] + plane
        y = d[ENLARGED.large.place] + group * d[ENLARGED.large.group] + plane * factor * factor
        for down in range(height):
            for across in range(width):
                value = load(tile, arena, x + (down * width + across) * step)
                corner = y + (down * factor * width + across) * factor * step
                for i in range(factor):
                    for j in range(factor):
                        store(arena, corner + (i * factor * width + j) * step, value)


@kernel
def upsample_gradient(tile, arena, d: Words[Enlarged], state, begin, end, thread):
    """Unit: a channel of a group."""
    step, height, width, factor = lanes(tile), d[ENLARGED.height], d[ENLARGED.width], d[ENLARGED.factor]
    for unit in range(begin, end):
        group = unit // d[ENLARGED.channels]
        plane = (unit - group * d[ENLARGED.channels]) * height * width * step
        dx = d[ENLARGED.small.place] + group * d[ENLARGED.small.group] + plane
        dy = d[ENLARGED.large.place] + group * d[ENLARGED.large.group] + plane * factor * factor
        for down in range(height):
            for across in range(width):
                total = splat(tile, 0.0)
                corner = dy + (down * factor * width + across) * factor * step
                for i in range(factor):
                    for j in range(factor):
                        total += load(tile, arena, corner + (i * factor * width + j) * step)
                store(arena, dx + (down * width + across) * step, total)


def _row(kernel_: Kernel, factor: int, small: Buffer, large: Buffer) -> tuple[Row, ...]:
    channels, height, width = small.value.shape
    words = Enlarged(
        channels=channels, height=height, width=width, factor=factor, small=where(small), large=where(large)
    )
    return (Row(kernel_, Tile(1, 1), words, channels, per_group=True),)


def upsample_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    return _row(upsample, launch.operation.factor, small=launch.inputs[0], large=launch.outputs[0])


def upsample_gradient_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    return _row(upsample_gradient, launch.operation.factor, small=launch.outputs[0], large=launch.inputs[0])

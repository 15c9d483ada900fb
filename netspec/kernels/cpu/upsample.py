"""Nearest-neighbour upsampling and its gradient."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from netspec.ir.program import Buffer, Launch, Program, Tile
from netspec.kernels.cpu.elementwise import where
from netspec.kernels.cpu.jit import kernel
from netspec.kernels.cpu.rows import Kernel, Row
from netspec.kernels.cpu.tile import lanes
from netspec.kernels.cpu.vector import load, splat, store

CHANNELS, HEIGHT, WIDTH, FACTOR, SMALL, SMALL_STRIDE, LARGE, LARGE_STRIDE = range(8)
"""height and width of the small side"""


@kernel
def upsample(tile, arena, d, state, begin, end, thread):
    """A unit is a channel of a group."""
    step, height, width, factor = lanes(tile), d[HEIGHT], d[WIDTH], d[FACTOR]
    for unit in range(begin, end):
        group = unit // d[CHANNELS]
        plane = (unit - group * d[CHANNELS]) * height * width * step
        x, y = d[SMALL] + group * d[SMALL_STRIDE] + plane, d[LARGE] + group * d[LARGE_STRIDE] + plane * factor * factor
        for down in range(height):
            for across in range(width):
                value = load(tile, arena, x + (down * width + across) * step)
                corner = y + (down * factor * width + across) * factor * step
                for i in range(factor):
                    for j in range(factor):
                        store(arena, corner + (i * factor * width + j) * step, value)


@kernel
def upsample_gradient(tile, arena, d, state, begin, end, thread):
    """A unit is a channel of a group."""
    step, height, width, factor = lanes(tile), d[HEIGHT], d[WIDTH], d[FACTOR]
    for unit in range(begin, end):
        group = unit // d[CHANNELS]
        plane = (unit - group * d[CHANNELS]) * height * width * step
        dx = d[SMALL] + group * d[SMALL_STRIDE] + plane
        dy = d[LARGE] + group * d[LARGE_STRIDE] + plane * factor * factor
        for down in range(height):
            for across in range(width):
                total = splat(tile, 0.0)
                corner = dy + (down * factor * width + across) * factor * step
                for i in range(factor):
                    for j in range(factor):
                        total += load(tile, arena, corner + (i * factor * width + j) * step)
                store(arena, dx + (down * width + across) * step, total)


def _row(kernel_: Kernel, factor: int, small: Buffer, large: Buffer) -> tuple[Row, ...]:
    words = (*small.value.shape, factor, *where(small), *where(large))
    return (Row(kernel_, Tile(1, 1), words, small.value.shape[0], per_group=True),)


def upsample_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    return _row(upsample, launch.operation.factor, small=launch.inputs[0], large=launch.outputs[0])


def upsample_gradient_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    return _row(upsample_gradient, launch.operation.factor, small=launch.outputs[0], large=launch.inputs[0])

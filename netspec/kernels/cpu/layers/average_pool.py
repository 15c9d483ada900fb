"""Average pooling and its gradient.

The number of taps that a window averages is a product of a count per output row and a count per output column. The
planner puts the reciprocals of both at the end of the descriptor, one per row, then one per column.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import NamedTuple

from netspec.ir.graph import Shape
from netspec.ir.operations import Window
from netspec.kernels.cpu.language.descriptor import Operand, Words, places
from netspec.kernels.cpu.language.jit import kernel, routine
from netspec.kernels.cpu.language.memory import real
from netspec.kernels.cpu.language.rows import Kernel, Row, where
from netspec.kernels.cpu.language.tile import lanes
from netspec.kernels.cpu.language.vector import fma, load, splat, store
from netspec.kernels.cpu.layers.window import (
    WINDOW,
    Windows,
    advanced,
    clear_rest,
    clipped,
    side_by_side,
    taps_across,
    taps_down,
    window_tile,
    window_words,
)
from netspec.targets.cpu.program import Buffer, Launch, Program


class Averaged(NamedTuple):
    """Words of both kernels; `shares` are the reciprocals: one per output row, then one per output column."""

    windows: Windows
    source: Operand
    result: Operand
    shares: tuple[float, ...]


AVERAGED = places(Averaged)


@routine
def _sum_row(tile, arena, begin, count):
    """The sum of `count` vectors, in four partial sums."""
    step = lanes(tile)
    a = b = c = e = splat(tile, 0.0)
    fours = count // 4 * 4
    for i in range(begin, begin + fours * step, 4 * step):
        a += load(tile, arena, i)
        b += load(tile, arena, i + step)
        c += load(tile, arena, i + 2 * step)
        e += load(tile, arena, i + 3 * step)
    for i in range(begin + fours * step, begin + count * step, step):
        a += load(tile, arena, i)
    return (a + b) + (c + e)


@routine
def _average_plane(tile, arena, d, x, y):
    step = lanes(tile)
    height = d[WINDOW.height]
    width = d[WINDOW.width]
    out_height = d[WINDOW.out_height]
    out_width = d[WINDOW.out_width]
    stride_down = d[WINDOW.stride_down]
    before_down = d[WINDOW.before_down]
    stride = d[WINDOW.stride_across]
    before = d[WINDOW.before_across]
    down, across = taps_down(tile, d), taps_across(tile, d)
    for oy in range(out_height):
        top, i_begin, i_end = clipped(oy, stride_down, before_down, down, height)
        share = real(d, AVERAGED.shares + oy)
        for ox in range(out_width):
            left, j_begin, j_end = clipped(ox, stride, before, across, width)
            total = splat(tile, 0.0)
            if j_begin == 0 and j_end == across:
                for i in range(i_begin, i_end):
                    total += _sum_row(tile, arena, x + ((top + i) * width + left) * step, across)
            else:
                for i in range(i_begin, i_end):
                    total += _sum_row(tile, arena, x + ((top + i) * width + left + j_begin) * step, j_end - j_begin)
            part = share * real(d, AVERAGED.shares + out_height + ox)
            store(arena, y + (oy * out_width + ox) * step, total * part)


@kernel
def average_pool(tile, arena, d: Words[Averaged], state, begin, end, thread):
    """Unit: a channel of a group."""
    large, small = d[WINDOW.large_plane], d[WINDOW.small_plane]
    for unit in range(begin, end):
        group = unit // d[WINDOW.channels]
        c = unit - group * d[WINDOW.channels]
        x = d[AVERAGED.source.place] + group * d[AVERAGED.source.group] + c * large
        y = d[AVERAGED.result.place] + group * d[AVERAGED.result.group] + c * small
        _average_plane(tile, arena, d, x, y)


@routine
def _scatter_plane(tile, arena, d, dy, dx):
    """dx for windows that neither overlap nor leave gaps: each window writes its own pixels."""
    step, width, out_height, out_width = lanes(tile), d[WINDOW.width], d[WINDOW.out_height], d[WINDOW.out_width]
    down, across = taps_down(tile, d), taps_across(tile, d)
    for oy in range(out_height):
        share = real(d, AVERAGED.shares + oy)
        for ox in range(out_width):
            part = share * real(d, AVERAGED.shares + out_height + ox)
            each = load(tile, arena, dy + (oy * out_width + ox) * step) * part
            corner = dx + (oy * down * width + ox * across) * step
            for i in range(down):
                for j in range(across):
                    store(arena, corner + (i * width + j) * step, each)
    clear_rest(tile, arena, d, dx)


@routine
def _gather_plane(tile, arena, d, dy, dx):
    """dx for any windows: each pixel sums over the windows that cover it."""
    step = lanes(tile)
    height = d[WINDOW.height]
    width = d[WINDOW.width]
    out_height = d[WINDOW.out_height]
    out_width = d[WINDOW.out_width]
    stride_down = d[WINDOW.stride_down]
    before_down = d[WINDOW.before_down]
    stride = d[WINDOW.stride_across]
    before = d[WINDOW.before_across]
    down, across = taps_down(tile, d), taps_across(tile, d)
    oy_begin, oy_end = 0, 0
    for y in range(height):
        oy_begin, oy_end = advanced(oy_begin, oy_end, y, stride_down, before_down, down, out_height)
        ox_begin, ox_end = 0, 0
        for x in range(width):
            ox_begin, ox_end = advanced(ox_begin, ox_end, x, stride, before, across, out_width)
            total = splat(tile, 0.0)
            for oy in range(oy_begin, oy_end):
                share = real(d, AVERAGED.shares + oy)
                for ox in range(ox_begin, ox_end):
                    part = share * real(d, AVERAGED.shares + out_height + ox)
                    total = fma(load(tile, arena, dy + (oy * out_width + ox) * step), part, total)
            store(arena, dx + (y * width + x) * step, total)


@kernel
def average_pool_gradient(tile, arena, d: Words[Averaged], state, begin, end, thread):
    """Unit: a channel of a group."""
    large, small = d[WINDOW.large_plane], d[WINDOW.small_plane]
    for unit in range(begin, end):
        group = unit // d[WINDOW.channels]
        c = unit - group * d[WINDOW.channels]
        dy = d[AVERAGED.source.place] + group * d[AVERAGED.source.group] + c * small
        dx = d[AVERAGED.result.place] + group * d[AVERAGED.result.group] + c * large
        if side_by_side(tile, d):
            _scatter_plane(tile, arena, d, dy, dx)
        else:
            _gather_plane(tile, arena, d, dy, dx)


def _shares(window: Window, size: Shape, out: Shape, count_pad: bool, axis: int) -> tuple[float, ...]:
    """For each output position along `axis`, 1 / (number of taps counted): taps on real pixels and, with `count_pad`,
    on the border of `before` pixels around them."""
    border = window.before[axis] if count_pad else 0
    starts = (o * window.stride[axis] - window.before[axis] for o in range(out[axis]))
    return tuple(
        1.0 / (min(start + window.kernel[axis], size[axis] + border) - max(start, -border)) for start in starts
    )


def _row(kernel_: Kernel, launch: Launch, small: Buffer, large: Buffer) -> tuple[Row, ...]:
    window, count_pad = launch.operation.window, launch.operation.count_pad
    size, out = large.value.shape[1:], small.value.shape[1:]
    shares = (*_shares(window, size, out, count_pad, 0), *_shares(window, size, out, count_pad, 1))
    words = Averaged(
        windows=window_words(window, small, large),
        source=where(launch.inputs[0]),
        result=where(launch.outputs[0]),
        shares=shares,
    )
    return (Row(kernel_, window_tile(window), words, large.value.shape[0], per_group=True),)


def average_pool_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    return _row(average_pool, launch, small=launch.outputs[0], large=launch.inputs[0])


def average_pool_gradient_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    return _row(average_pool_gradient, launch, small=launch.inputs[0], large=launch.outputs[0])

"""Max pooling and its gradient. Every pixel of dx is written once: it sums over the windows whose maximum it was."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import NamedTuple

from netspec.kernels.cpu.language.descriptor import Operand, Words, places
from netspec.kernels.cpu.language.jit import kernel, routine
from netspec.kernels.cpu.language.rows import Row, where
from netspec.kernels.cpu.language.tile import lanes, rows
from netspec.kernels.cpu.language.vector import load, load_integers, select, splat, splat_integer, store, store_integers
from netspec.kernels.cpu.layers.window import (
    WINDOW,
    Windows,
    advanced,
    clear_rest,
    clipped,
    side_by_side,
    taps_across,
    taps_down,
    whole_windows,
    window_tile,
    window_words,
)
from netspec.targets.cpu.program import Launch, Program

NO_INDEX = -1
UNINDEXED = Operand(NO_INDEX, 0)


class MaxPool(NamedTuple):
    """Words of `max_pool`; `index` is `UNINDEXED` where the taps of the maxima are not needed."""

    windows: Windows
    x: Operand
    y: Operand
    index: Operand


class MaxPoolGradient(NamedTuple):
    """Words of `max_pool_gradient`."""

    windows: Windows
    index: Operand
    dy: Operand
    dx: Operand


MAX_POOL, GRADIENT = places(MaxPool), places(MaxPoolGradient)


@routine
def largest(tile, arena, x, row_step, i_begin, i_end, j_begin, j_end, across):
    """The maximum over taps i_begin … i_end - 1, j_begin … j_end - 1, and i*across + j of its first occurrence.

    `x` is the index of tap (0, 0), which may be outside the plane.
    """
    best = splat(tile, -float("inf"))
    index = splat_integer(tile, 0)
    for i in range(i_begin, i_end):
        for j in range(j_begin, j_end):
            value = load(tile, arena, x + i * row_step + j * lanes(tile))
            better = value > best
            best = select(better, value, best)
            index = select(better, splat_integer(tile, i * across + j), index)
    return best, index


@routine
def halve(tile, arena, x, row_step, height, width, y, index, small_step, with_index):
    """2x2 max pooling of `height` x `width` pixels, and `with_index` the taps of the maxima; an odd last row or column
    is left out. `row_step` is the row stride of x, `small_step` that of the results."""
    for i in range(height // 2):
        for j in range(width // 2):
            best, chosen = largest(tile, arena, x + 2 * (i * row_step + j * lanes(tile)), row_step, 0, 2, 0, 2, 2)
            place = i * small_step + j * lanes(tile)
            store(arena, y + place, best)
            if with_index:
                store_integers(arena, index + place, chosen)


@routine
def _pool_plane(tile, arena, d, x, y, index):
    """Pools one plane. Windows inside the plane run loops of constant length where the kernel is specialised for their
    size; others are clipped."""
    step, with_index = lanes(tile), d[MAX_POOL.index.place] != NO_INDEX
    height, width, out_height, out_width = d[WINDOW.height], d[WINDOW.width], d[WINDOW.out_height], d[WINDOW.out_width]
    stride_down = d[WINDOW.stride_down]
    before_down = d[WINDOW.before_down]
    stride = d[WINDOW.stride_across]
    before = d[WINDOW.before_across]
    down, across, row_step = taps_down(tile, d), taps_across(tile, d), d[WINDOW.width] * lanes(tile)
    begin, end = whole_windows(out_width, stride, before, across, width)
    for oy in range(out_height):
        top, i_begin, i_end = clipped(oy, stride_down, before_down, down, height)
        whole_row = i_end - i_begin == down
        for ox in range(out_width):
            left, j_begin, j_end = clipped(ox, stride, before, across, width)
            corner, place = x + top * row_step + left * step, (oy * out_width + ox) * step
            if whole_row and begin <= ox < end:
                best, chosen = largest(tile, arena, corner, row_step, 0, down, 0, across, across)
            else:
                best, chosen = largest(tile, arena, corner, row_step, i_begin, i_end, j_begin, j_end, across)
            store(arena, y + place, best)
            if with_index:
                store_integers(arena, index + place, chosen)


@kernel
def max_pool(tile, arena, d: Words[MaxPool], state, begin, end, thread):
    """Unit: a channel of a group."""
    large, small = d[WINDOW.large_plane], d[WINDOW.small_plane]
    for unit in range(begin, end):
        group = unit // d[WINDOW.channels]
        c = unit - group * d[WINDOW.channels]
        x = d[MAX_POOL.x.place] + group * d[MAX_POOL.x.group] + c * large
        y = d[MAX_POOL.y.place] + group * d[MAX_POOL.y.group] + c * small
        _pool_plane(tile, arena, d, x, y, d[MAX_POOL.index.place] + group * d[MAX_POOL.index.group] + c * small)


@routine
def _scatter_plane(tile, arena, d, index, dy, dx):
    """dx for windows that neither overlap nor leave gaps: each window writes its own pixels."""
    step, width, out_height, out_width = lanes(tile), d[WINDOW.width], d[WINDOW.out_height], d[WINDOW.out_width]
    down, across = taps_down(tile, d), taps_across(tile, d)
    for oy in range(out_height):
        for ox in range(out_width):
            place = (oy * out_width + ox) * step
            chosen, cotangent = load_integers(tile, arena, index + place), load(tile, arena, dy + place)
            corner = dx + (oy * down * width + ox * across) * step
            for i in range(down):
                for j in range(across):
                    mine = chosen == i * across + j
                    store(arena, corner + (i * width + j) * step, select(mine, cotangent, 0.0))
    clear_rest(tile, arena, d, dx)


@routine
def _gather_plane(tile, arena, d, index, dy, dx, y_begin, y_end, x_begin, x_end):
    """dx for any windows: each pixel sums over the windows that cover it. Pixels in y_begin … y_end - 1,
    x_begin … x_end - 1 are skipped."""
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
            if y_begin <= y < y_end and x_begin <= x < x_end:
                continue
            ox_begin, ox_end = advanced(ox_begin, ox_end, x, stride, before, across, out_width)
            total = splat(tile, 0.0)
            for oy in range(oy_begin, oy_end):
                tap_row = (y + before_down - oy * stride_down) * across + x + before
                for ox in range(ox_begin, ox_end):
                    place = (oy * out_width + ox) * step
                    mine = load_integers(tile, arena, index + place) == tap_row - ox * stride
                    total += select(mine, load(tile, arena, dy + place), 0.0)
            store(arena, dx + (y * width + x) * step, total)


@routine
def _gather_pixel(tile, arena, index, dy, row, i, j):
    """dx of one pixel under 3x3 windows of stride 2. It is tap (i, j) of the window at `index` and `dy`. It is also tap
    i+2 of the window above, `row` elements back, and tap j+2 of the window to the left, where those taps exist."""
    total = splat(tile, 0.0)
    for m in range(2 - i):
        for n in range(2 - j):
            back = m * row + n * lanes(tile)
            mine = load_integers(tile, arena, index - back) == (i + 2 * m) * 3 + j + 2 * n
            total += select(mine, load(tile, arena, dy - back), 0.0)
    return total


@routine
def _gather_threes(tile, arena, d, index, dy, dx):
    """dx for 3x3 windows of stride 2, border excepted. Inside, each window owns 2x2 pixels, and the other windows that
    cover them are in the same relative places. Returns (y_begin, y_end, x_begin, x_end) of the pixels written."""
    step = lanes(tile)
    width = d[WINDOW.width]
    out_width = d[WINDOW.out_width]
    before_down = d[WINDOW.before_down]
    before = d[WINDOW.before_across]
    top, bottom = max(1, (before_down + 1) // 2), min(d[WINDOW.out_height], (d[WINDOW.height] + before_down) // 2)
    left, right = max(1, (before + 1) // 2), min(out_width, (width + before) // 2)
    for oy in range(top, bottom):
        for ox in range(left, right):
            place = (oy * out_width + ox) * step
            corner = dx + ((2 * oy - before_down) * width + 2 * ox - before) * step
            for i in range(2):
                for j in range(2):
                    total = _gather_pixel(tile, arena, index + place, dy + place, out_width * step, i, j)
                    store(arena, corner + (i * width + j) * step, total)
    return 2 * top - before_down, 2 * bottom - before_down, 2 * left - before, 2 * right - before


@kernel
def max_pool_gradient(tile, arena, d: Words[MaxPoolGradient], state, begin, end, thread):
    """Unit: a channel of a group."""
    large, small = d[WINDOW.large_plane], d[WINDOW.small_plane]
    for unit in range(begin, end):
        group = unit // d[WINDOW.channels]
        c = unit - group * d[WINDOW.channels]
        index = d[GRADIENT.index.place] + group * d[GRADIENT.index.group] + c * small
        dy = d[GRADIENT.dy.place] + group * d[GRADIENT.dy.group] + c * small
        dx = d[GRADIENT.dx.place] + group * d[GRADIENT.dx.group] + c * large
        if side_by_side(tile, d):
            _scatter_plane(tile, arena, d, index, dy, dx)
            continue
        y_begin, y_end, x_begin, x_end = 0, 0, 0, 0
        if rows(tile) == 3 and d[WINDOW.stride_down] == 2 and d[WINDOW.stride_across] == 2:
            y_begin, y_end, x_begin, x_end = _gather_threes(tile, arena, d, index, dy, dx)
        _gather_plane(tile, arena, d, index, dy, dx, y_begin, y_end, x_begin, x_end)


def max_pool_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    window, x, (y, *index) = launch.operation.window, launch.inputs[0], launch.outputs
    chosen = where(index[0]) if index else UNINDEXED
    words = MaxPool(windows=window_words(window, y, x), x=where(x), y=where(y), index=chosen)
    return (Row(max_pool, window_tile(window), words, x.value.shape[0], per_group=True),)


def max_pool_gradient_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    window, (index, dy), (dx,) = launch.operation.window, launch.inputs, launch.outputs
    windows = window_words(window, dy, dx)
    words = MaxPoolGradient(windows=windows, index=where(index), dy=where(dy), dx=where(dx))
    return (Row(max_pool_gradient, window_tile(window), words, dx.value.shape[0], per_group=True),)

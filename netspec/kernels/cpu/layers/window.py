"""Pooling windows that slide over planes: their start, and the taps that are on real pixels.

Output row y covers input rows y*stride - before + i for 0 <= i < window height, as far as they exist. A kernel whose
tile is larger than 1x1 is specialised for windows of that size, so its loops over taps are unrolled.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import NamedTuple

from netspec.diagnostics.failure import CompilerBug
from netspec.ir.operations import Window
from netspec.kernels.cpu.language.descriptor import places
from netspec.kernels.cpu.language.jit import routine
from netspec.kernels.cpu.language.tile import columns, lanes, rows
from netspec.kernels.cpu.language.vector import splat, store
from netspec.targets.cpu.program import Buffer, Tile

MADE_FOR = ((2, 2), (3, 3))
"""window sizes with specialised kernels"""


class Windows(NamedTuple):
    """First words of every pooling kernel. `large_plane` and `small_plane` are channel strides in float32 elements, of
    the pooling's input and of its output."""

    channels: int
    height: int
    width: int
    out_height: int
    out_width: int
    taps_down: int
    taps_across: int
    stride_down: int
    stride_across: int
    before_down: int
    before_across: int
    large_plane: int
    small_plane: int


WINDOW = places(Windows)


def window_words(window: Window, small: Buffer, large: Buffer) -> Windows:
    """The words of a window that pools `large` (c, h, w) into `small` (c, oh, ow)."""
    if window.dilation != (1, 1):
        raise CompilerBug(f"pooling windows are dense, found {window}")
    channels, height, width = large.value.shape
    return Windows(
        channels=channels,
        height=height,
        width=width,
        out_height=small.value.shape[1],
        out_width=small.value.shape[2],
        taps_down=window.kernel[0],
        taps_across=window.kernel[1],
        stride_down=window.stride[0],
        stride_across=window.stride[1],
        before_down=window.before[0],
        before_across=window.before[1],
        large_plane=large.plane_stride,
        small_plane=small.plane_stride,
    )


def window_tile(window: Window) -> Tile:
    """The tile that specialises a kernel for this window size; 1x1 for sizes outside `MADE_FOR`."""
    return Tile(*window.kernel) if window.kernel in MADE_FOR else Tile(1, 1)


@routine
def taps_down(tile, d):
    """The window's height, a constant where the kernel is specialised for it."""
    return rows(tile) if rows(tile) > 1 else d[WINDOW.taps_down]


@routine
def taps_across(tile, d):
    """The window's width, a constant where the kernel is specialised for it."""
    return columns(tile) if columns(tile) > 1 else d[WINDOW.taps_across]


@routine
def clipped(position, stride, before, taps, size):
    """(start, i, end): the window's first input row, perhaps negative, and its taps i … end - 1 that are inside."""
    start = position * stride - before
    return start, max(0, -start), min(taps, size - start)


@routine
def whole_windows(count, stride, before, taps, size):
    """(first, last): output positions first … last - 1 of `count` cover real pixels only."""
    first = min(count, (before + stride - 1) // stride)
    room = size + before - taps
    last = min(count, room // stride + 1) if room >= 0 else 0
    return first, max(first, last)


@routine
def advanced(first, last, position, stride, before, taps, count):
    """(first, last): windows first … last - 1 of `count` cover `position`. The arguments are those of the previous
    position, (0, 0) before the first."""
    while first < count and first * stride - before + taps <= position:
        first += 1
    while last < count and last * stride - before <= position:
        last += 1
    return first, last


@routine
def side_by_side(tile, d):
    """Whether windows neither overlap nor leave gaps, start at the corner and stay inside."""
    down, across = taps_down(tile, d), taps_across(tile, d)
    touching = d[WINDOW.stride_down] == down and d[WINDOW.stride_across] == across
    cornered = d[WINDOW.before_down] == 0 and d[WINDOW.before_across] == 0
    return (
        touching
        and cornered
        and d[WINDOW.out_height] * down <= d[WINDOW.height]
        and d[WINDOW.out_width] * across <= d[WINDOW.width]
    )


@routine
def _clear(tile, arena, begin, count):
    """Fills `count` vectors with zeros."""
    for i in range(begin, begin + count * lanes(tile), lanes(tile)):
        store(arena, i, splat(tile, 0.0))


@routine
def clear_rest(tile, arena, d, plane):
    """Fills with zeros the right columns and bottom rows that no window of `side_by_side` covers."""
    height, width = d[WINDOW.height], d[WINDOW.width]
    covered_down, covered = d[WINDOW.out_height] * taps_down(tile, d), d[WINDOW.out_width] * taps_across(tile, d)
    if covered < width:
        for y in range(covered_down):
            _clear(tile, arena, plane + (y * width + covered) * lanes(tile), width - covered)
    _clear(tile, arena, plane + covered_down * width * lanes(tile), (height - covered_down) * width)

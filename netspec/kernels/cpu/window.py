"""Windows that slide over planes, for pooling: where they begin, and which of their taps meet real pixels.

Output position y sees the input rows y*stride - before + i, 0 <= i < height of the window, as far as they exist.
Kernels whose tile is larger than 1x1 are made for windows of just that size, so their loops over taps vanish.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from netspec.diagnostics.failure import CompilerBug
from netspec.ir.operations import Window
from netspec.ir.program import Buffer, Tile
from netspec.kernels.cpu.jit import routine
from netspec.kernels.cpu.tile import columns, lanes, rows
from netspec.kernels.cpu.vector import splat, store

CHANNELS, HEIGHT, WIDTH, OUT_HEIGHT, OUT_WIDTH = range(5)
TAPS_DOWN, TAPS_ACROSS, STRIDE_DOWN, STRIDE_ACROSS, BEFORE_DOWN, BEFORE_ACROSS = range(5, 11)
LARGE_PLANE, SMALL_PLANE = range(11, 13)
"""float32 numbers from one channel to the next, of the planes that windows slide over and of those they give"""
WINDOW_WORDS = 13
"""where the kernel's own words begin"""

MADE_FOR = ((2, 2), (3, 3))
"""window sizes that have kernels of their own"""


def window_words(window: Window, small: Buffer, large: Buffer) -> tuple[int, ...]:
    """The words of a window that slides over planes `large` (c, h, w) and gives `small` (c, oh, ow)."""
    if window.dilation != (1, 1):
        raise CompilerBug(f"pooling windows are dense, found {window}")
    sizes = (*large.value.shape, *small.value.shape[1:])
    strides = (large.plane_stride, small.plane_stride)
    return (*sizes, *window.kernel, *window.stride, *window.before, *strides)


def window_tile(window: Window) -> Tile:
    """The tile whose type makes a kernel for windows of this size, or 1x1 for all others."""
    return Tile(*window.kernel) if window.kernel in MADE_FOR else Tile(1, 1)


@routine
def taps_down(tile, d):
    """The height of the window: a constant where the kernel is made for it."""
    return rows(tile) if rows(tile) > 1 else d[TAPS_DOWN]


@routine
def taps_across(tile, d):
    """The width of the window: a constant where the kernel is made for it."""
    return columns(tile) if columns(tile) > 1 else d[TAPS_ACROSS]


@routine
def clipped(position, stride, before, taps, size):
    """start, i, end: the window's first row, which may be negative, and its taps i … end that are inside."""
    start = position * stride - before
    return start, max(0, -start), min(taps, size - start)


@routine
def whole_windows(count, stride, before, taps, size):
    """first, last: of `count` output positions, first … last see nothing but real pixels."""
    first = min(count, (before + stride - 1) // stride)
    room = size + before - taps
    last = min(count, room // stride + 1) if room >= 0 else 0
    return first, max(first, last)


@routine
def advanced(first, last, position, stride, before, taps, count):
    """The windows first … last of `count` that see `position`, from those that saw the position before it; both are 0
    before the first position."""
    while first < count and first * stride - before + taps <= position:
        first += 1
    while last < count and last * stride - before <= position:
        last += 1
    return first, last


@routine
def side_by_side(tile, d):
    """Whether windows touch without overlap, start at the corner and stay inside."""
    down, across = taps_down(tile, d), taps_across(tile, d)
    touching = d[STRIDE_DOWN] == down and d[STRIDE_ACROSS] == across
    cornered = d[BEFORE_DOWN] == 0 and d[BEFORE_ACROSS] == 0
    return touching and cornered and d[OUT_HEIGHT] * down <= d[HEIGHT] and d[OUT_WIDTH] * across <= d[WIDTH]


@routine
def _clear(tile, arena, begin, count):
    """Zeros in `count` vectors."""
    for i in range(begin, begin + count * lanes(tile), lanes(tile)):
        store(arena, i, splat(tile, 0.0))


@routine
def clear_rest(tile, arena, d, plane):
    """Zeros where windows that lie side by side leave over columns at the right and rows below."""
    height, width = d[HEIGHT], d[WIDTH]
    covered_down, covered = d[OUT_HEIGHT] * taps_down(tile, d), d[OUT_WIDTH] * taps_across(tile, d)
    if covered < width:
        for y in range(covered_down):
            _clear(tile, arena, plane + (y * width + covered) * lanes(tile), width - covered)
    _clear(tile, arena, plane + covered_down * width * lanes(tile), (height - covered_down) * width)

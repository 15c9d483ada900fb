"""Depthwise convolution and both its gradients: every tap of the window stays in a register.

A band of rows of a plane is first copied into the thread's scratch, with zeros for the padding: every window is then
whole, and small planes, which are mostly border, cost no more than others. The input gradient is a sum of the same form
for each phase of the stride; all phases of a band are summed while it is in the cache.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import NamedTuple

from netspec.kernels.cpu.language.descriptor import Words, places, width
from netspec.kernels.cpu.language.jit import kernel, routine
from netspec.kernels.cpu.language.state import GROUPS, SCRATCH
from netspec.kernels.cpu.language.tile import columns, lane_sums, lanes, rows, zeros
from netspec.kernels.cpu.language.vector import load, maximum, splat, store
from netspec.kernels.cpu.layers.activations import RELU
from netspec.kernels.cpu.sliding.window_products import correlate, taps, window_sum


class Bands(NamedTuple):
    """First words of both kernels. Strides count float32 numbers. A plane has `bands` bands; one yields `band` rows of
    outputs and has `band_rows` rows of `band_width` columns. `before_y` and `before_x` are the zeros before a plane."""

    x: int
    x_group: int
    x_channel: int
    height: int
    width: int
    y: int
    y_group: int
    y_channel: int
    y_row: int
    y_column: int
    out_height: int
    channels: int
    stride_y: int
    stride_x: int
    bands: int
    band: int
    band_rows: int
    band_width: int
    before_y: int
    before_x: int


class Phase(NamedTuple):
    """Of a phase in y: first row, size, first row and column in a band, and taps."""

    out: int
    height: int
    width: int
    row: int
    column: int
    first_tap: int
    tap_row: int
    tap_column: int
    taps_y: int
    taps_x: int


class WindowSums(NamedTuple):
    """Words of `sum_windows`."""

    bands: Bands
    bias: int
    activation: int
    weights: int
    w_channel: int
    count: int
    phases: tuple[Phase, ...]


class WindowProducts(NamedTuple):
    """Words of `sum_products`, the weight gradient; its y are the cotangents."""

    bands: Bands
    dw: int
    out_width: int


BANDED, PHASE, SUMS, PRODUCTS = places(Bands), places(Phase), places(WindowSums), places(WindowProducts)
PHASE_WORDS = width(Phase)


@routine
def _clear_band(tile, arena, d, band):
    """Zeros in the whole band; its border stays zero where each plane is one band."""
    for i in range(d[BANDED.band_rows] * d[BANDED.band_width]):
        store(arena, band + i * lanes(tile), splat(tile, 0.0))


@routine
def _fetch_plane(tile, arena, y, count):
    """Zeros in a plane that phases fill with gaps between: the plane is then fetched from memory in order."""
    for i in range(count):
        store(arena, y + i * lanes(tile), splat(tile, 0.0))


@routine
def _copy_band(tile, arena, d, x, first, band):
    """Rows of plane x under the outputs from row `first` on; rows and columns outside are zeros."""
    step, width, height = lanes(tile), d[BANDED.width], d[BANDED.height]
    top, x_row = first * d[BANDED.stride_y] - d[BANDED.before_y], d[BANDED.band_width] * lanes(tile)
    if d[BANDED.bands] > 1:
        _clear_band(tile, arena, d, band)
    for y in range(max(0, top), min(height, top + d[BANDED.band_rows])):
        source, target = x + y * width * step, band + (y - top) * x_row + d[BANDED.before_x] * step
        for i in range(width):
            store(arena, target + i * step, load(tile, arena, source + i * step))


@routine
def _sum_row(weights, start, arena, x, x_row, x_column, y, y_column, width, code):
    for o in range(width):
        total = window_sum(weights, start, arena, x + o * x_column, x_row)
        store(arena, y + o * y_column, maximum(0.0, total) if code == RELU else total)


@routine
def _sum_band(tile, arena, d, p, band, first, y, w, start):
    """Outputs of a phase, whose words begin at p: the rows of a band, from row `first` on."""
    step, x_row, width, code = lanes(tile), d[BANDED.band_width] * lanes(tile), d[p + PHASE.width], d[SUMS.activation]
    w += d[p + PHASE.first_tap]
    weights = taps(
        tile, arena, w, d[p + PHASE.tap_row], d[p + PHASE.tap_column], d[p + PHASE.taps_y], d[p + PHASE.taps_x]
    )
    for row in range(min(d[BANDED.band], d[p + PHASE.height] - first)):
        at = band + (row * d[BANDED.stride_y] + d[p + PHASE.row]) * x_row + d[p + PHASE.column] * step
        into = y + d[p + PHASE.out] + (first + row) * d[BANDED.y_row]
        if d[BANDED.stride_x] == 1 and d[BANDED.y_column] == step:
            _sum_row(weights, start, arena, at, x_row, step, into, step, width, code)
        else:
            _sum_row(weights, start, arena, at, x_row, d[BANDED.stride_x] * step, into, d[BANDED.y_column], width, code)


@kernel
def sum_windows(tile, arena, d: Words[WindowSums], state, begin, end, thread):
    """Unit: a channel of a group of images."""
    band = state[SCRATCH]
    _clear_band(tile, arena, d, band)
    for unit in range(begin, end):
        group, c = unit // d[BANDED.channels], unit % d[BANDED.channels]
        x = d[BANDED.x] + group * d[BANDED.x_group] + c * d[BANDED.x_channel]
        y = d[BANDED.y] + group * d[BANDED.y_group] + c * d[BANDED.y_channel]
        start = splat(tile, arena[d[SUMS.bias] + c] if d[SUMS.bias] >= 0 else 0.0)
        if d[SUMS.count] > 1:
            _fetch_plane(tile, arena, y, d[BANDED.y_channel] // lanes(tile))
        for number in range(d[BANDED.bands]):
            first = number * d[BANDED.band]
            _copy_band(tile, arena, d, x, first, band)
            for phase in range(d[SUMS.count]):
                p, w = SUMS.phases + phase * PHASE_WORDS, d[SUMS.weights] + c * d[SUMS.w_channel]
                _sum_band(tile, arena, d, p, band, first, y, w, start)


@kernel
def sum_products(tile, arena, d: Words[WindowProducts], state, begin, end, thread):
    """Weight gradient: lane-wise sums of every tap over all groups; a fixed tree adds the lanes. Unit: a channel."""
    step, x_row, band = d[BANDED.stride_x] * lanes(tile), d[BANDED.band_width] * lanes(tile), state[SCRATCH]
    _clear_band(tile, arena, d, band)
    for c in range(begin, end):
        registers = zeros(tile)
        for group in range(state[GROUPS]):
            x = d[BANDED.x] + group * d[BANDED.x_group] + c * d[BANDED.x_channel]
            dy = d[BANDED.y] + group * d[BANDED.y_group] + c * d[BANDED.y_channel]
            for number in range(d[BANDED.bands]):
                first = number * d[BANDED.band]
                _copy_band(tile, arena, d, x, first, band)
                for row in range(min(d[BANDED.band], d[BANDED.out_height] - first)):
                    at, given = band + row * d[BANDED.stride_y] * x_row, dy + (first + row) * d[BANDED.y_row]
                    for o in range(d[PRODUCTS.out_width]):
                        cotangent = load(tile, arena, given + o * lanes(tile))
                        registers = correlate(registers, cotangent, arena, at + o * step, x_row)
        lane_sums(registers, arena, d[PRODUCTS.dw] + c * rows(tile) * columns(tile), columns(tile), 1)

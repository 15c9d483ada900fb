"""Convolution channel by channel, and both its gradients: every tap of the window stays in a register.

A band of rows of a plane is first copied into the thread's scratch, with zeros where the padding is: then every window
is a whole one, and small planes, which are border almost everywhere, take no longer than others. The input gradient is
a sum of the same form for each phase of the stride; all phases of a band are done while it is near.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from netspec.kernels.cpu.activations import RELU
from netspec.kernels.cpu.jit import kernel, routine
from netspec.kernels.cpu.state import GROUPS, SCRATCH
from netspec.kernels.cpu.tile import columns, lane_sums, lanes, rows, zeros
from netspec.kernels.cpu.vector import load, maximum, splat, store
from netspec.kernels.cpu.window_products import correlate, taps, window_sum

# Words of both descriptors. Strides count float32 numbers. A band gives BAND rows of outputs and has BAND_ROWS rows of
# BAND_WIDTH columns; BEFORE_Y and BEFORE_X are the zeros before a plane.
(X, X_GROUP, X_CHANNEL, HEIGHT, WIDTH) = range(5)
(Y, Y_GROUP, Y_CHANNEL, Y_ROW, Y_COLUMN, OUT_HEIGHT, CHANNELS) = range(5, 12)
(STRIDE_Y, STRIDE_X, BANDS, BAND, BAND_ROWS, BAND_WIDTH, BEFORE_Y, BEFORE_X) = range(12, 20)

# Words of the sums, and then those of each phase: where in y it begins, its size, its first row and column in a band,
# and its taps.
(BIAS, ACTIVATION, WEIGHTS, W_CHANNEL, PHASES) = range(20, 25)
FIRST_PHASE = 25
(OUT, PHASE_HEIGHT, PHASE_WIDTH, ROW, COLUMN, FIRST_TAP, TAP_ROW, TAP_COLUMN, TAPS_Y, TAPS_X) = range(10)
PHASE_WORDS = 10

# Words of the weight gradient, whose y are the cotangents.
(DW, OUT_WIDTH) = range(20, 22)


@routine
def _clear_band(tile, arena, d, band):
    """Zeros everywhere in a band: around planes that are one band they stay."""
    for i in range(d[BAND_ROWS] * d[BAND_WIDTH]):
        store(arena, band + i * lanes(tile), splat(tile, 0.0))


@routine
def _fetch_plane(tile, arena, y, count):
    """Zeros into a plane that phases are going to fill with gaps: lines come from memory faster in order."""
    for i in range(count):
        store(arena, y + i * lanes(tile), splat(tile, 0.0))


@routine
def _copy_band(tile, arena, d, x, first, band):
    """The rows of plane x under the outputs from row `first` on; rows outside are zeros, as columns are."""
    step, width, height = lanes(tile), d[WIDTH], d[HEIGHT]
    top, x_row = first * d[STRIDE_Y] - d[BEFORE_Y], d[BAND_WIDTH] * lanes(tile)
    if d[BANDS] > 1:
        _clear_band(tile, arena, d, band)
    for y in range(max(0, top), min(height, top + d[BAND_ROWS])):
        source, target = x + y * width * step, band + (y - top) * x_row + d[BEFORE_X] * step
        for i in range(width):
            store(arena, target + i * step, load(tile, arena, source + i * step))


@routine
def _sum_row(weights, start, arena, x, x_row, x_column, y, y_column, width, code):
    for o in range(width):
        total = window_sum(weights, start, arena, x + o * x_column, x_row)
        store(arena, y + o * y_column, maximum(0.0, total) if code == RELU else total)


@routine
def _sum_band(tile, arena, d, p, band, first, y, w, start):
    """The outputs of a phase, whose words begin at p, from row `first` on that a band gives."""
    step, x_row, width, code = lanes(tile), d[BAND_WIDTH] * lanes(tile), d[p + PHASE_WIDTH], d[ACTIVATION]
    w += d[p + FIRST_TAP]
    weights = taps(tile, arena, w, d[p + TAP_ROW], d[p + TAP_COLUMN], d[p + TAPS_Y], d[p + TAPS_X])
    for row in range(min(d[BAND], d[p + PHASE_HEIGHT] - first)):
        at = band + (row * d[STRIDE_Y] + d[p + ROW]) * x_row + d[p + COLUMN] * step
        into = y + d[p + OUT] + (first + row) * d[Y_ROW]
        if d[STRIDE_X] == 1 and d[Y_COLUMN] == step:
            _sum_row(weights, start, arena, at, x_row, step, into, step, width, code)
        else:
            _sum_row(weights, start, arena, at, x_row, d[STRIDE_X] * step, into, d[Y_COLUMN], width, code)


@kernel
def sum_windows(tile, arena, d, state, begin, end, thread):
    """Unit: a channel of a group of images."""
    band = state[SCRATCH]
    _clear_band(tile, arena, d, band)
    for unit in range(begin, end):
        group, c = unit // d[CHANNELS], unit % d[CHANNELS]
        x, y = d[X] + group * d[X_GROUP] + c * d[X_CHANNEL], d[Y] + group * d[Y_GROUP] + c * d[Y_CHANNEL]
        start = splat(tile, arena[d[BIAS] + c] if d[BIAS] >= 0 else 0.0)
        if d[PHASES] > 1:
            _fetch_plane(tile, arena, y, d[Y_CHANNEL] // lanes(tile))
        for number in range(d[BANDS]):
            first = number * d[BAND]
            _copy_band(tile, arena, d, x, first, band)
            for phase in range(d[PHASES]):
                p, w = FIRST_PHASE + phase * PHASE_WORDS, d[WEIGHTS] + c * d[W_CHANNEL]
                _sum_band(tile, arena, d, p, band, first, y, w, start)


@kernel
def sum_products(tile, arena, d, state, begin, end, thread):
    """The weight gradient: lane-wise sums of every tap over all groups, then the lanes by a fixed tree. Unit: a
    channel."""
    step, x_row, band = d[STRIDE_X] * lanes(tile), d[BAND_WIDTH] * lanes(tile), state[SCRATCH]
    _clear_band(tile, arena, d, band)
    for c in range(begin, end):
        registers = zeros(tile)
        for group in range(state[GROUPS]):
            x, dy = d[X] + group * d[X_GROUP] + c * d[X_CHANNEL], d[Y] + group * d[Y_GROUP] + c * d[Y_CHANNEL]
            for number in range(d[BANDS]):
                first = number * d[BAND]
                _copy_band(tile, arena, d, x, first, band)
                for row in range(min(d[BAND], d[OUT_HEIGHT] - first)):
                    at, given = band + row * d[STRIDE_Y] * x_row, dy + (first + row) * d[Y_ROW]
                    for o in range(d[OUT_WIDTH]):
                        cotangent = load(tile, arena, given + o * lanes(tile))
                        registers = correlate(registers, cotangent, arena, at + o * step, x_row)
        lane_sums(registers, arena, d[DW] + c * rows(tile) * columns(tile), columns(tile), 1)

"""Copies with lanes = channels: maps with zeros around them, and numbers in another order."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

import numpy as np

from netspec.kernels.cpu.jit import kernel, routine
from netspec.kernels.cpu.tile import lanes
from netspec.kernels.cpu.vector import load, store

# Words of the descriptor of `surround`. Strides count float32 numbers.
(X, X_IMAGE, X_VECTOR, HEIGHT, WIDTH, ABREAST, VECTORS) = range(7)
(COPY, COPY_IMAGE, COPY_ROWS, PHASES, PHASE_COLUMNS) = range(7, 12)
(BEFORE_Y, BEFORE_X, SPACING_Y, SPACING_X) = range(12, 16)

# Words of the descriptor of `rearrange`.
(SOURCE, SOURCE_IMAGE, SOURCE_PIXELS, SOURCE_ABREAST, SOURCE_VECTOR) = range(5)
(RESULT, RESULT_IMAGE, RESULT_PIXELS, RESULT_VECTOR, FIRST_NUMBER) = range(5, 10)


@routine
def _source_row(d, row):
    """The row of x that stands at a row of the copy, or -1 where zeros do."""
    place = row - d[BEFORE_Y]
    inside = place >= 0 and place % d[SPACING_Y] == 0 and place // d[SPACING_Y] < d[HEIGHT]
    return place // d[SPACING_Y] if inside else -1


@routine
def _spread_row(tile, arena, d, x, into):
    """The pixels of a row of x to their places in a row of the copy, as far as it has them."""
    abreast, phases, phase, k = d[ABREAST], d[PHASES], d[BEFORE_X] % d[PHASES], d[BEFORE_X] // d[PHASES]
    for _ in range(d[WIDTH]):
        if 0 <= k < d[PHASE_COLUMNS]:
            at = into + (phase * d[PHASE_COLUMNS] + k) * abreast
            if abreast == 1:
                arena[at] = arena[x]
            else:
                store(arena, at, load(tile, arena, x))
        x += abreast
        phase += d[SPACING_X]
        while phase >= phases:
            phase -= phases
            k += 1


@kernel
def surround(tile, arena, d, state, begin, end, thread):
    """x with zeros around its pixels and between them, columns sorted by phase. Unit: a row of a vector of channels."""
    row_floats = d[PHASES] * d[PHASE_COLUMNS] * d[ABREAST]
    for unit in range(begin, end):
        row, part = unit % d[COPY_ROWS], unit // d[COPY_ROWS]
        into = d[COPY] + part // d[VECTORS] * d[COPY_IMAGE] + (part % d[VECTORS] * d[COPY_ROWS] + row) * row_floats
        for k in range(row_floats):
            arena[into + k] = np.float32(0.0)
        y = _source_row(d, row)
        if y >= 0:
            x = d[X] + part // d[VECTORS] * d[X_IMAGE] + part % d[VECTORS] * d[X_VECTOR] + y * d[WIDTH] * d[ABREAST]
            _spread_row(tile, arena, d, x, into)


@kernel
def rearrange(tile, arena, d, state, begin, end, thread):
    """The numbers of a map, in the order of channel, row and column, as numbers of another from FIRST_NUMBER on: a
    reshape, or a piece of a concatenation. Unit: a channel of the source, of an image, its pixels one after the other.
    """
    step, pixels, others = lanes(tile), d[SOURCE_PIXELS], d[RESULT_PIXELS]
    for unit in range(begin, end):
        image, channel = unit // d[FIRST_NUMBER + 1], unit % d[FIRST_NUMBER + 1]
        source = d[SOURCE] + image * d[SOURCE_IMAGE]
        source += channel // d[SOURCE_ABREAST] * d[SOURCE_VECTOR] + channel % d[SOURCE_ABREAST]
        result = d[RESULT] + image * d[RESULT_IMAGE]
        for pixel in range(pixels):
            number = d[FIRST_NUMBER] + channel * pixels + pixel
            k = number // others
            into = result + k // step * d[RESULT_VECTOR] + number % others * step + k % step
            arena[into] = arena[source + pixel * d[SOURCE_ABREAST]]
